set(FAMILY_SOURCES platform.c ../stm32/caches.c)
set(FAMILY_INCLUDE_DIRECTORIES . ../stm32)
