build-asan/src/base/rng.o: src/base/rng.c src/base/rng.h src/base/types.h
src/base/rng.h:
src/base/types.h:
