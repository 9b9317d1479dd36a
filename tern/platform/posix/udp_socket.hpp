#pragma once
// A UDP socket that sends and receives trains with as few system calls as the kernel allows.
//
// Sending: as many pieces as kSendBatch go out in one sendmmsg. With segmentation offload a piece
// is up to 64 datagrams, taken from the caller's bytes as they lie; without it, one datagram. When
// the kernel refuses an offloaded piece but takes the same bytes one by one, the socket stays
// with one by one.
//
// Receiving: one recvmmsg into kReceiveBatch slots that are allocated when the socket opens. With
// coalescing a slot may hold many datagrams, which are handed out one by one; what does not fit
// into the caller's span is kept for the next call. A poller counts such a socket as readable.
//
// Internal to posix/; users see tern/platform/network.hpp.

#include <sys/socket.h>

#include <memory>

#include "tern/platform/network.hpp"
#include "tern/platform/posix/file_descriptor.hpp"
#include "tern/platform/posix/network.hpp"

namespace tern::platform::posix {

/// Pieces per sendmmsg.
inline constexpr std::size_t kSendBatch = 64;
/// Datagrams per offloaded piece: UDP_MAX_SEGMENTS of the oldest kernels that have it.
inline constexpr std::size_t kMaxSegmentsPerPiece = 64;
/// Bytes per offloaded piece: the largest UDP payload of an IPv4 packet.
inline constexpr std::size_t kMaxPieceLength = 65'507;
/// Slots per recvmmsg, at most.
inline constexpr std::size_t kReceiveBatch = 16;
/// Bytes per slot: no datagram and no coalesced run of them is longer.
inline constexpr std::size_t kReceiveSlotLength = 65'536;
/// Bytes to receive at once where datagrams are coalesced.
inline constexpr std::size_t kCachedBatchLength = 4 * kReceiveSlotLength;

class PosixSocketPoller;

class PosixUdpSocket final : public UdpSocket {
  public:
    [[nodiscard]] static std::expected<std::unique_ptr<PosixUdpSocket>, SocketFailure> open(
        const UdpSocketOptions& options, Offload offload);
    ~PosixUdpSocket() override;
    PosixUdpSocket(const PosixUdpSocket&) = delete;
    PosixUdpSocket& operator=(const PosixUdpSocket&) = delete;

    SendResult send(std::span<const Train> trains) noexcept override;
    std::size_t receive(std::span<Datagram> out) noexcept override;
    [[nodiscard]] bool connect(const SocketAddress& peer) noexcept override;
    [[nodiscard]] SocketAddress local_address() const override;
    [[nodiscard]] std::uint32_t send_buffer_length() const override;
    [[nodiscard]] std::uint32_t receive_buffer_length() const override;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] bool segmentation() const noexcept { return segmentation_; }
    [[nodiscard]] bool coalescing() const noexcept { return coalescing_; }
    /// Datagrams were received from the system that receive() has not handed out yet.
    [[nodiscard]] bool has_kept() const noexcept { return next_slot_ < filled_slots_; }

  private:
    friend class PosixSocketPoller;
    struct SendBuffers;
    struct ReceiveBuffers;
    struct Cursor {  // where sending has got to
        std::size_t train = 0;
        std::size_t offset = 0;
    };

    PosixUdpSocket(FileDescriptor fd, Offload offload);
    [[nodiscard]] std::size_t piece_length(const Train& train, std::size_t offset) const noexcept;
    std::size_t prepare(std::span<const Train> trains, Cursor from) noexcept;
    [[nodiscard]] std::int64_t sent_bytes(std::size_t pieces) const noexcept;

    int send_pieces(std::size_t count) noexcept;
    std::size_t receive_messages(std::size_t wanted) noexcept;
    void fill_slots() noexcept;
    void want_slots_after(std::size_t received_bytes) noexcept;
    std::size_t hand_out(std::span<Datagram> out) noexcept;
    void read_control(const msghdr& header, std::size_t slot) noexcept;

    FileDescriptor fd_;
    bool segmentation_;
    bool coalescing_;
    bool connected_ = false;  // sends name no destination
    std::unique_ptr<SendBuffers> out_;
    std::unique_ptr<ReceiveBuffers> in_;
    std::size_t wanted_slots_ = 1;  // of the next recvmmsg
    std::size_t filled_slots_ = 0;  // of the last one
    std::size_t next_slot_ = 0;     // to hand out from
    std::size_t next_offset_ = 0;   // within that slot
    PosixSocketPoller* poller_ = nullptr;
};

}  // namespace tern::platform::posix
