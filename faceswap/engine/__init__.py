"""What every training shares: accelerator, processes, optimizers, schedules, progress, interrupts."""
