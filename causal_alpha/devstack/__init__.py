"""Real services on this machine, one file a service: `kafka`, `mongo`, `mlflow`, `airflow`. No Docker, no root.

Each is looked for in this order: external (the user names a URL), native (a child process from the per-user cache),
Docker (only if its daemon answers), and else a ServiceError names the three ways.
"""
