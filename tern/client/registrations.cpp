#include "tern/client/registrations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/client/errors.hpp"

namespace tern::client {

std::string_view to_string(RegistrationKind kind) noexcept {
    switch (kind) {
        case RegistrationKind::publication:
            return "publication";
        case RegistrationKind::exclusive_publication:
            return "exclusive publication";
        case RegistrationKind::subscription:
            return "subscription";
        case RegistrationKind::counter:
            return "counter";
        case RegistrationKind::static_counter:
            return "static counter";
        case RegistrationKind::session_id:
            return "session id";
        case RegistrationKind::operation:
            return "operation";
        case RegistrationKind::removal:
            return "removal";
    }
    return "unknown";
}

void Registrations::add(std::int64_t id, Registration registration) {
    // Closing is never refused; there are at most as many removals as there were adds.
    if (registration.kind != RegistrationKind::removal && table_.size() >= kMaxRegistrations) {
        throw Error(
            fmt::format("{} registrations of this client wait for their outcome to be "
                        "taken: find or abandon them",
                        table_.size()));
    }
    table_.insert_or_assign(id, std::move(registration));
}

Registration* Registrations::find(std::int64_t id) {
    const auto found = table_.find(id);
    return found == table_.end() ? nullptr : &found->second;
}

Registration* Registrations::find_awaiting(std::int64_t id) {
    Registration* found = find(id);
    return found != nullptr && found->state == Registration::State::awaiting ? found : nullptr;
}

bool Registrations::any_awaiting() const noexcept {
    return std::ranges::any_of(table_, [](const auto& entry) {
        return entry.second.state == Registration::State::awaiting;
    });
}

Registration Registrations::take(std::int64_t id) {
    auto node = table_.extract(id);
    return std::move(node.mapped());
}

}  // namespace tern::client
