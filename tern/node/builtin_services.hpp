#pragma once
// The services that `tern node --service` offers: small, useful for a first try and for tests.
//
//   echo     sends each message back to its session; its state is how many there were
//   counter  adds the little-endian int64 at the start of each message to a total and answers with
//            the total; messages shorter than that are ignored
//   kv       a replicated map, see kv_state.hpp
//
// All three snapshot and restore. Thread safety: as ClusteredService.

#include <memory>
#include <string_view>

#include "tern/cluster/service/clustered_service.hpp"
#include "tern/node/kv_state.hpp"

namespace tern::node {

/// By name; null for "none". Throws ConfigurationError for names it does not know.
[[nodiscard]] std::unique_ptr<cluster::ClusteredService> make_builtin_service(
    std::string_view name);
/// "kv" on a state that its owner can look at between the service's callbacks.
[[nodiscard]] std::unique_ptr<cluster::ClusteredService> make_kv_service(
    std::shared_ptr<KvState> state);

}  // namespace tern::node
