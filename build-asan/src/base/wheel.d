build-asan/src/base/wheel.o: src/base/wheel.c src/base/wheel.h \
 src/base/list.h src/base/types.h
src/base/wheel.h:
src/base/list.h:
src/base/types.h:
