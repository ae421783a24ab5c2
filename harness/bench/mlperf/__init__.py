"""MLPerf Tiny's benchmarks over EEMBC's serial protocol, as the official runner does them."""
