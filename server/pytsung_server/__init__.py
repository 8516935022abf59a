"""The bundled realtime server: speaks Appwrite Realtime, holds very many connections.

Stands on pytsung's reactor and WebSocket codec alone; pytsung starts it as a process.
"""
