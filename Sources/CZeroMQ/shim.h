#pragma once

#include <sys/eventfd.h>
#include <zmq.h>

/// A newcomer's subscription is acted on by us, and the next message goes to that newcomer alone. Debian's header hides
/// the constant among drafts, but its library has the option.
static const int czmq_xpub_manual_last_value = 98;
