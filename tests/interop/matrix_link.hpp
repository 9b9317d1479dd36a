#pragma once
// How publishers and subscribers come together over each transport of the matrix.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "matrix_world.hpp"

namespace tern::interop {

enum class Transport : std::uint8_t {
    ipc,
    unicast,
    multicast,
    mdc_manual,
    mdc_dynamic,
    mds,
    spy,
    response,
};

/// Whether both sides are at one driver.
[[nodiscard]] constexpr bool is_local(Transport transport) {
    return transport == Transport::ipc || transport == Transport::spy;
}

/// A publication, by the publishing peer's name of it, and its session.
struct StreamId {
    std::string publication;
    std::int32_t session_id = 0;
    friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

/// Thread safety: one thread. What does not come about throws Error.
class Link {
  public:
    virtual ~Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Adds what the publishing side brings by itself.
    virtual void publish(const End& at) = 0;
    /// Adds a subscriber of that name: kFirst, or any other.
    virtual void subscribe(const std::string& name, const End& at) = 0;
    /// Waits until publisher and subscriber know each other; the streams that the subscriber gets.
    virtual std::vector<StreamId> connect(const std::string& name) = 0;

    [[nodiscard]] Peer& publisher() const { return *publishing_.peer; }
    /// What the subscriber has got of a stream when message `to` - 1 is there.
    [[nodiscard]] StreamSummary receive(const std::string& name, const StreamId& stream,
                                        std::int64_t to) const;

    static constexpr const char* kFirst = "first";

  protected:
    explicit Link(MatrixWorld& world);

    [[nodiscard]] std::int32_t stream_id() const noexcept { return stream_id_; }
    /// A name at a peer that no other link uses.
    [[nodiscard]] std::string unique(const std::string& name) const;
    StreamId add_publication(const std::string& name, const std::string& channel,
                             std::int32_t stream_id);
    std::int64_t add_subscription(const std::string& name, const End& at,
                                  const std::string& channel, std::int32_t stream_id);
    void await_stream(const StreamId& stream, const std::string& name) const;

    End publishing_;
    std::map<std::string, End> subscribers_;

  private:
    std::int32_t stream_id_;
};

/// `many`: several subscribers are to get everything, so flow control has to wait for the slowest.
[[nodiscard]] std::unique_ptr<Link> make_link(Transport transport, MatrixWorld& world, bool many);

}  // namespace tern::interop
