#pragma once
// A publication, subscription or counter that is being added at the driver, and then is there.
//
// begin() with the id that Aeron::async_add_* returned, poll() every duty cycle until it gives the
// object. Closing at any time gives up what is under way or closes what is there; so does the
// destructor. Thread safety: none.

#include <cstdint>
#include <memory>
#include <type_traits>

#include "tern/base/assert.hpp"
#include "tern/client/aeron.hpp"

namespace tern::cluster {

template <typename T>
class AsyncResource {
  public:
    AsyncResource() = default;
    ~AsyncResource() { close(); }
    AsyncResource(const AsyncResource&) = delete;
    AsyncResource& operator=(const AsyncResource&) = delete;

    /// `aeron` outlives this object, or its close().
    void begin(client::Aeron& aeron, std::int64_t registration_id) {
        close();
        aeron_ = &aeron;
        registration_id_ = registration_id;
    }
    /// The object, or null while the driver has not answered. Throws as Aeron::find_*, after which
    /// nothing is under way.
    T* poll() {
        if (resource_ != nullptr || aeron_ == nullptr) return resource_.get();
        auto* aeron = std::exchange(aeron_, nullptr);
        resource_ = find(*aeron);
        if (resource_ == nullptr) aeron_ = aeron;
        return resource_.get();
    }
    [[nodiscard]] T* get() const noexcept { return resource_.get(); }
    [[nodiscard]] bool is_pending() const noexcept { return aeron_ != nullptr; }
    [[nodiscard]] bool is_idle() const noexcept {
        return aeron_ == nullptr && resource_ == nullptr;
    }
    [[nodiscard]] std::int64_t registration_id() const noexcept { return registration_id_; }

    void close() noexcept {
        if (aeron_ != nullptr) aeron_->abandon(registration_id_);
        aeron_ = nullptr;
        resource_.reset();
    }

  private:
    std::unique_ptr<T> find(client::Aeron& aeron) const {
        if constexpr (std::is_same_v<T, client::Publication>) {
            return aeron.find_publication(registration_id_);
        } else if constexpr (std::is_same_v<T, client::ExclusivePublication>) {
            return aeron.find_exclusive_publication(registration_id_);
        } else if constexpr (std::is_same_v<T, client::Subscription>) {
            return aeron.find_subscription(registration_id_);
        } else {
            static_assert(std::is_same_v<T, client::Counter>);
            return aeron.find_counter(registration_id_);
        }
    }

    client::Aeron* aeron_ = nullptr;  // while the driver has not answered
    std::int64_t registration_id_ = -1;
    std::unique_ptr<T> resource_;
};

}  // namespace tern::cluster
