"""The ten screens, and the dialogs above them. A screen lists its queries and draws their results."""
