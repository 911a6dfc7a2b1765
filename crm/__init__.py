"""The project: configuration, access, audit, the job ledger, the night and the pages that mix apps."""
