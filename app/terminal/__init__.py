"""What the command line shows and looks up; `app.cli` decides, this prints."""
