#pragma once
// A cluster of one member under faults: a node with the `kv` service on one host, clients on
// others, an operator who asks for snapshots, suspensions, shutdowns and aborts.
//
// What must hold, whatever happens: the history that clients saw is linearizable; no acknowledged
// command is lost, none applied twice; committed log bytes never change; the service's state
// follows from the log, over snapshots and restarts; each timer and each message of the service
// comes once; each term is led once. When faults have ended, clients are served within a bound, and
// a life without faults ends without a word and leaves nothing behind.
//
// Not among the faults: bit rot and older files on the member. One member that loses its
// acknowledged log has lost it. Where its host may crash it syncs its files (level 1 or 2).

#include "sim/harness/run.hpp"

namespace tern::sim {

void play_cluster(Run& run);

}  // namespace tern::sim
