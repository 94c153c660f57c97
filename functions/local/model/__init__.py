"""The stand-in for the Gemini image API; `app.ModelApp` is its door."""
