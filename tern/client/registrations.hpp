#pragma once
// What a client has asked of the driver and not been told about, or not been asked for, yet
// (CLI-5): every add, destination command, reject and removal under its correlation id.
//
// Thread safety: none; the conductor's lock.

#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "tern/client/counter.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/client/publication.hpp"
#include "tern/client/subscription.hpp"

namespace tern::client {

enum class RegistrationKind : std::uint8_t {
    publication,
    exclusive_publication,
    subscription,
    counter,
    static_counter,
    session_id,
    operation,  ///< answered with success or an error; somebody may ask for the outcome
    removal,    ///< likewise, but nobody will ask
};

[[nodiscard]] std::string_view to_string(RegistrationKind kind) noexcept;

struct Registration {
    enum class State : std::uint8_t { awaiting, done, refused, timed_out };
    using Result =
        std::variant<std::monostate, std::unique_ptr<Publication>,
                     std::unique_ptr<ExclusivePublication>, std::unique_ptr<Subscription>,
                     std::unique_ptr<Counter>, std::int32_t>;

    RegistrationKind kind = RegistrationKind::operation;
    State state = State::awaiting;
    std::int64_t deadline_ns = 0;
    std::string what;  ///< "add publication aeron:ipc stream 10", for error texts

    // What was asked for.
    std::string channel;
    std::int32_t stream_id = 0;
    ImageHandlers image_handlers;
    std::int64_t static_registration_id = 0;

    // What came of it.
    Result result;
    std::int32_t error_code = 0;
    std::string error;
};

class Registrations {
  public:
    /// Commands under way or with an outcome that was not taken; more throw Error.
    static constexpr std::size_t kMaxRegistrations = 16 * 1024;

    void add(std::int64_t id, Registration registration);
    /// Null when the id is not known.
    [[nodiscard]] Registration* find(std::int64_t id);
    /// Null unless the driver's answer to it is due.
    [[nodiscard]] Registration* find_awaiting(std::int64_t id);
    /// Takes it out; the id is forgotten.
    [[nodiscard]] Registration take(std::int64_t id);
    void erase(std::int64_t id) { table_.erase(id); }
    void clear() { table_.clear(); }
    /// Whether the driver's answer to any of them is due.
    [[nodiscard]] bool any_awaiting() const noexcept;

    /// Calls expired(id, registration) for each whose deadline has passed, in order of id; the
    /// visitor may change it, may add others, and returns whether it is to be forgotten.
    template <typename Expired>
    void expire(std::int64_t now_ns, Expired&& expired) {
        for (auto entry = table_.begin(); entry != table_.end();) {
            auto& [id, registration] = *entry;
            const bool forget = now_ns > registration.deadline_ns && expired(id, registration);
            entry = forget ? table_.erase(entry) : std::next(entry);
        }
    }

  private:
    std::map<std::int64_t, Registration> table_;  // by id: the same order in every run
};

}  // namespace tern::client
