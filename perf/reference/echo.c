/*
 * An echo over a connected socket in C, both ends polling without ever sleeping: the floor of every round
 * trip through the kernel's loopback. Functions return a checksum of what passed, or -1 when the connection
 * ended.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "latency.h"

static int64_t receive_all(int socket, char *buffer, int64_t bytes) {
    int64_t received = 0;
    while (received < bytes) {
        ssize_t got = recv(socket, buffer + received, (size_t)(bytes - received), MSG_DONTWAIT);
        if (got > 0)
            received += got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            return -1;
    }
    return received;
}

/* What is sent is far below the socket's buffer, so it leaves whole. */
static int64_t send_all(int socket, const char *buffer, int64_t bytes) {
    return send(socket, buffer, (size_t)bytes, MSG_NOSIGNAL) == bytes ? bytes : -1;
}

int64_t ask(int64_t socket, int64_t buffer_address, int64_t bytes, int64_t count, int64_t histogram) {
    char *buffer = (char *)buffer_address;
    int64_t checksum = 0;
    for (int64_t number = 0; number < count; number++) {
        memcpy(buffer, &number, sizeof number);
        int64_t started = monotonic_ns();
        if (send_all((int)socket, buffer, bytes) < 0 || receive_all((int)socket, buffer, bytes) < 0) return -1;
        record_value((int64_t *)histogram, monotonic_ns() - started);
        int64_t answer;
        memcpy(&answer, buffer + bytes - sizeof answer, sizeof answer);
        checksum += answer;
    }
    return checksum;
}

/* Answers with the number at the other end of the message, which shows that it was read. */
int64_t answer(int64_t socket, int64_t buffer_address, int64_t bytes, int64_t count) {
    char *buffer = (char *)buffer_address;
    int64_t checksum = 0;
    for (int64_t number = 0; number < count; number++) {
        if (receive_all((int)socket, buffer, bytes) < 0) return -1;
        int64_t asked;
        memcpy(&asked, buffer, sizeof asked);
        memcpy(buffer + bytes - sizeof asked, &asked, sizeof asked);
        checksum += asked;
        if (send_all((int)socket, buffer, bytes) < 0) return -1;
    }
    return checksum;
}
