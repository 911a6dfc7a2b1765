"""What a campaign brought in, measured by the night from holdings: looks.py says on which days it is judged, night.py
measures, result.py reads what it found for a page."""
