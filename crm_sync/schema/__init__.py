"""What the CRM says about its properties: read and kept, compared with what we write, and watched."""
