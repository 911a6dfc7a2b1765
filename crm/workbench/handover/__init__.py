"""移交: a leaver's customers are spread over colleagues, looked at, approved by a second person, moved, and watched."""
