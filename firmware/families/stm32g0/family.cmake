set(FAMILY_SOURCES platform.c ../stm32/gpio.c ../stm32/pins.c ../stm32/usart.c)
set(FAMILY_INCLUDE_DIRECTORIES . ../stm32)
