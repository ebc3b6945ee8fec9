build-asan/src/base/diag.o: src/base/diag.c src/base/diag.h \
 src/base/sbuf.h src/base/types.h src/base/mem.h
src/base/diag.h:
src/base/sbuf.h:
src/base/types.h:
src/base/mem.h:
