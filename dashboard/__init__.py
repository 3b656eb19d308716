"""Streamlit pages over the marts."""
