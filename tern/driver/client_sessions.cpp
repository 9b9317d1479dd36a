#include "tern/driver/client_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/planted_fault.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {

Client& ClientSessions::get_or_create(std::int64_t client_id, std::int64_t now_ns,
                                      std::int64_t now_epoch_ms) {
    if (Client* const known = find(client_id)) return *known;
    const memory::CounterKey key = memory::i64_key(client_id);
    auto client = std::make_unique<Client>();
    client->id = client_id;
    client->heartbeat =
        manager_.allocate({.type_id = memory::counter_type::kClientHeartbeat,
                           .key = key.bytes(),
                           .label = fmt::format("client-heartbeat: id={}", client_id),
                           .registration_id = client_id,
                           .owner_id = client_id});
    client->heartbeat.set(now_epoch_ms);
    client->last_heartbeat_ms = now_epoch_ms;
    client->time_of_last_change_ns = now_ns;
    proxy_.on_counter_ready(client_id, client->heartbeat.id());
    clients_.push_back(std::move(client));
    return *clients_.back();
}

Client* ClientSessions::find(std::int64_t client_id) noexcept {
    const auto found =
        std::ranges::find_if(clients_, [&](const auto& client) { return client->id == client_id; });
    return found == clients_.end() ? nullptr : found->get();
}

std::vector<std::unique_ptr<Client>> ClientSessions::take_gone(std::int64_t now_ns,
                                                               std::int64_t timeout_ns) {
    std::vector<std::unique_ptr<Client>> gone;
    for (auto& client : clients_) {
        const std::int64_t heartbeat_ms = client->heartbeat.get();
        if (heartbeat_ms != client->last_heartbeat_ms) {
            client->last_heartbeat_ms = heartbeat_ms;
            client->time_of_last_change_ns = now_ns;
        }
        const bool silent = now_ns - client->time_of_last_change_ns > timeout_ns &&
                            !planted(Fault::dead_client_unnoticed);
        if (client->is_closed || silent) gone.push_back(std::move(client));
    }
    std::erase(clients_, nullptr);
    return gone;
}

}  // namespace tern::driver
