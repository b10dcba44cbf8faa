"""What leaves over MQTT under `siaga/`: alarms, warnings and observations, for whoever may read that broker."""
