"""What a newcomer waits for: import, first result, the demo, the installation."""
