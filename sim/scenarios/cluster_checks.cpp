#include "sim/scenarios/cluster_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace tern::sim {

void ClusterChecks::check_log(platform::Storage& storage, std::int32_t member,
                              const std::string& archive_directory, std::int64_t recording_id,
                              std::int64_t segment_length) {
    log_.started(member, 0);
    const std::int64_t end = history_.end_position();
    std::vector<std::byte> bytes(static_cast<std::size_t>(segment_length));
    for (std::int64_t base = 0; base < end; base += segment_length) {
        const auto length = static_cast<std::size_t>(std::min(segment_length, end - base));
        const std::string path =
            platform::join_path(archive_directory, fmt::format("{}-{}.rec", recording_id, base));
        const Bytes part = Bytes(bytes).first(length);
        if (!storage.exists(path) ||
            storage.open(path, platform::Access::read_only)->read_at(0, part) < length) {
            return run_.violation(
                fmt::format("member {}: committed up to {}, but {} is missing or too short", member,
                            end, path));
        }
        report(log_.committed(member, base, part));
    }
}

void ClusterChecks::finish(std::int32_t member) {
    report(exactly_once_.finish(member));
    ObservedState model;
    history_.for_each([&](const ServiceEvent& event) {
        model.apply(event);
        if (event.kind == ServiceEvent::Kind::command) {
            report(states_.reproduced(0, event.log_position, model.hash()));
        }
    });
    const auto verdict = kv_.check();
    if (verdict.outcome == Linearizability::undecided) {
        run_.tell("linearizability undecided: " + verdict.finding);
    } else if (verdict.outcome == Linearizability::violated) {
        run_.violation(verdict.finding);
    }
}

void ClusterChecks::restored(std::int32_t member, std::int64_t log_position, std::uint64_t hash,
                             const std::vector<std::int64_t>& sessions) {
    run_.tell(fmt::format("member {}: the service begins at {} with {} sessions", member,
                          log_position, sessions.size()));
    exactly_once_.restored(member, log_position);
    report(history_.restored(member, log_position, sessions));
    report(states_.state(member, log_position, hash));
}

void ClusterChecks::applied(std::int32_t member, const ServiceEvent& event) {
    report(history_.applied(member, event));
    if (event.kind != ServiceEvent::Kind::command) return;
    const auto command = decode_command(as_bytes(event.payload));
    report(exactly_once_.applied(member, event.log_position, command->id));
}

void ClusterChecks::has_state(std::int32_t member, std::int64_t log_position, std::uint64_t hash) {
    report(states_.state(member, log_position, hash));
}

void ClusterChecks::is_wrong(std::int32_t member, std::string what) {
    run_.violation(fmt::format("member {}: {}", member, what));
}

void ClusterChecks::calls(CommandId id, node::KvOperation operation, std::string_view key,
                          std::string_view value) {
    exactly_once_.sent(id);
    open_calls_[id] =
        kv_.called(static_cast<std::int32_t>(id.client), run_.now_ns(), operation, key, value);
}

void ClusterChecks::is_answered(CommandId id, node::KvStatus status, std::string_view value) {
    report(exactly_once_.acknowledged(id));
    const auto call = open_calls_.extract(id);
    if (call.empty()) {
        return run_.violation(
            fmt::format("client {}: command {} answered twice", id.client, id.number));
    }
    report(kv_.answered(call.mapped(), run_.now_ns(), status, value));
}

}  // namespace tern::sim
