"""Google Cloud behind the ports: Pub/Sub, Firestore, Cloud Storage and BigQuery."""
