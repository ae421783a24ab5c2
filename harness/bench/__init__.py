"""Stage 5, measurement: firmware on a board in, measurements and an outcome out."""
