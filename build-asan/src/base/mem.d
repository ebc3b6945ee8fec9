build-asan/src/base/mem.o: src/base/mem.c src/base/mem.h src/base/types.h
src/base/mem.h:
src/base/types.h:
