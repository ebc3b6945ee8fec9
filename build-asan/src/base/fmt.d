build-asan/src/base/fmt.o: src/base/fmt.c src/base/fmt.h src/base/types.h
src/base/fmt.h:
src/base/types.h:
