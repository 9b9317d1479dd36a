#include "tern/platform/posix/udp_socket.hpp"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>

#include "tern/base/assert.hpp"
#include "tern/base/duration.hpp"
#include "tern/platform/posix/sockaddr.hpp"
#include "tern/platform/posix/socket_poller.hpp"

namespace tern::platform::posix {

namespace {

constexpr std::size_t kSendControlLength = CMSG_SPACE(sizeof(std::uint16_t));
constexpr std::size_t kReceiveControlLength =
    CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(timespec));

bool means_full(int error) noexcept {
    // ECONNREFUSED is about an earlier datagram; this one simply goes with the next attempt.
    return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ECONNREFUSED;
}

bool refuses_offload(int error) noexcept {
    return error == EIO || error == EINVAL || error == ENOPROTOOPT || error == EOPNOTSUPP ||
           error == EMSGSIZE;
}

/// Options of a socket that is being opened; remembers the first that failed.
class OptionSetter {
  public:
    explicit OptionSetter(int fd) : fd_(fd) {}

    template <typename T>
    void set(int level, int option, const T& value, const char* name) {
        if (failed_ != nullptr) return;
        if (::setsockopt(fd_, level, option, &value, sizeof(value)) != 0) {
            failed_ = name;
            error_ = errno;
        }
    }
    [[nodiscard]] const char* failed() const { return failed_; }
    [[nodiscard]] int error() const { return error_; }

  private:
    int fd_;
    const char* failed_ = nullptr;
    int error_ = 0;
};

in_addr ipv4_of(const SocketAddress& address) {
    in_addr result{};
    if (address.family() == SocketAddress::Family::ipv4) {
        std::memcpy(&result, address.bytes().data(), sizeof(result));
    }
    return result;
}

void set_ipv4_multicast(OptionSetter& setter, const UdpSocketOptions& options) {
    if (!options.multicast_group.empty()) {
        ip_mreqn membership{};
        membership.imr_multiaddr = ipv4_of(options.multicast_group);
        membership.imr_address = ipv4_of(options.multicast_interface);
        setter.set(IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, "IP_ADD_MEMBERSHIP");
    }
    if (!options.multicast_interface.empty()) {
        setter.set(IPPROTO_IP, IP_MULTICAST_IF, ipv4_of(options.multicast_interface),
                   "IP_MULTICAST_IF");
    }
    if (options.multicast_ttl != 0) {
        setter.set(IPPROTO_IP, IP_MULTICAST_TTL, int{options.multicast_ttl}, "IP_MULTICAST_TTL");
    }
}

void set_ipv6_multicast(OptionSetter& setter, const UdpSocketOptions& options) {
    if (!options.multicast_group.empty()) {
        ipv6_mreq membership{};
        std::memcpy(&membership.ipv6mr_multiaddr, options.multicast_group.bytes().data(),
                    sizeof(in6_addr));
        membership.ipv6mr_interface = options.multicast_interface_index;
        setter.set(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, membership, "IPV6_ADD_MEMBERSHIP");
    }
    if (options.multicast_interface_index != 0) {
        setter.set(IPPROTO_IPV6, IPV6_MULTICAST_IF, options.multicast_interface_index,
                   "IPV6_MULTICAST_IF");
    }
    if (options.multicast_ttl != 0) {
        setter.set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int{options.multicast_ttl},
                   "IPV6_MULTICAST_HOPS");
    }
}

void set_options(OptionSetter& setter, const UdpSocketOptions& options, bool ipv6) {
    if (options.reuse_address) setter.set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    if (options.receive_timestamps) setter.set(SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
    if (options.send_buffer_length != 0) {
        setter.set(SOL_SOCKET, SO_SNDBUF, options.send_buffer_length, "SO_SNDBUF");
    }
    if (options.receive_buffer_length != 0) {
        setter.set(SOL_SOCKET, SO_RCVBUF, options.receive_buffer_length, "SO_RCVBUF");
    }
    if (ipv6) {
        set_ipv6_multicast(setter, options);
    } else {
        set_ipv4_multicast(setter, options);
    }
}

}  // namespace

struct PosixUdpSocket::SendBuffers {
    std::array<mmsghdr, kSendBatch> messages;
    std::array<iovec, kSendBatch> pieces;
    std::array<SystemAddress, kSendBatch> destinations;
    struct Control {
        alignas(cmsghdr) std::array<std::byte, kSendControlLength> bytes;
    };
    std::array<Control, kSendBatch> controls;
};

struct PosixUdpSocket::ReceiveBuffers {
    std::array<mmsghdr, kReceiveBatch> messages;
    std::array<iovec, kReceiveBatch> slots;
    std::array<SystemAddress, kReceiveBatch> sources;
    struct Control {
        alignas(cmsghdr) std::array<std::byte, kReceiveControlLength> bytes;
    };
    std::array<Control, kReceiveBatch> controls;
    std::array<std::size_t, kReceiveBatch> segment_lengths;
    std::array<std::int64_t, kReceiveBatch> timestamps_ns;
    // Not touched before use: a slot takes the pages that datagrams really filled.
    std::unique_ptr<std::byte[]> memory =
        std::make_unique_for_overwrite<std::byte[]>(kReceiveBatch * kReceiveSlotLength);
};

std::expected<std::unique_ptr<PosixUdpSocket>, SocketFailure> PosixUdpSocket::open(
    const UdpSocketOptions& options, Offload offload) {
    const auto failure = [&](std::string_view what, int error) {
        return std::unexpected(
            SocketFailure{fmt::format("{} {}: {}", what, options.bind_address.to_string(),
                                      std::generic_category().message(error)),
                          error});
    };
    const bool ipv6 = options.bind_address.family() == SocketAddress::Family::ipv6;
    FileDescriptor fd(
        ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return failure("open UDP socket for", errno);

    OptionSetter setter(fd.get());
    set_options(setter, options, ipv6);
    if (setter.failed() != nullptr) {
        return failure(fmt::format("set {} of UDP socket for", setter.failed()), setter.error());
    }
    SystemAddress local{};
    const socklen_t length = to_system(options.bind_address, local);
    if (length == 0) return failure("bind UDP socket without an address", EINVAL);
    if (::bind(fd.get(), &local.any, length) != 0) return failure("bind UDP socket to", errno);

    if (offload.coalescing) {
        const int on = 1;
        offload.coalescing = ::setsockopt(fd.get(), SOL_UDP, UDP_GRO, &on, sizeof(on)) == 0;
    }
    auto socket = std::unique_ptr<PosixUdpSocket>(new PosixUdpSocket(std::move(fd), offload));
    if (!options.peer.empty() && !socket->connect(options.peer)) {
        const int error = errno;
        return std::unexpected(
            SocketFailure{fmt::format("connect UDP socket to {}: {}", options.peer.to_string(),
                                      std::generic_category().message(error)),
                          error});
    }
    return socket;
}

bool PosixUdpSocket::connect(const SocketAddress& peer) noexcept {
    SystemAddress address{};
    const socklen_t length = to_system(peer, address);
    if (length == 0 || ::connect(fd_.get(), &address.any, length) != 0) return false;
    connected_ = true;
    return true;
}

PosixUdpSocket::PosixUdpSocket(FileDescriptor fd, Offload offload)
    : fd_(std::move(fd)),
      segmentation_(offload.segmentation),
      coalescing_(offload.coalescing),
      out_(std::make_unique<SendBuffers>()),
      in_(std::make_unique<ReceiveBuffers>()) {
    for (std::size_t i = 0; i < kReceiveBatch; ++i) {
        in_->slots[i] = {in_->memory.get() + i * kReceiveSlotLength, kReceiveSlotLength};
        msghdr& header = in_->messages[i].msg_hdr;
        header = {};
        header.msg_name = &in_->sources[i];
        header.msg_iov = &in_->slots[i];
        header.msg_iovlen = 1;
        header.msg_control = in_->controls[i].bytes.data();
    }
}

PosixUdpSocket::~PosixUdpSocket() {
    if (poller_ != nullptr) poller_->remove(*this);
}

// Sending ---------------------------------------------------------------------------------------

std::size_t PosixUdpSocket::piece_length(const Train& train, std::size_t offset) const noexcept {
    const std::size_t left = train.bytes.size() - offset;
    const std::size_t segment = train.segment_length;
    if (!segmentation_ || segment > kMaxPieceLength / 2) return std::min(left, segment);
    return std::min(left, std::min(kMaxSegmentsPerPiece, kMaxPieceLength / segment) * segment);
}

/// Fills out_ with the pieces that follow `from`; returns how many.
std::size_t PosixUdpSocket::prepare(std::span<const Train> trains, Cursor from) noexcept {
    std::size_t count = 0;
    for (; from.train < trains.size(); ++from.train, from.offset = 0) {
        const Train& train = trains[from.train];
        while (from.offset < train.bytes.size()) {
            if (count == kSendBatch) return count;
            const std::size_t length = piece_length(train, from.offset);
            out_->pieces[count] = {const_cast<std::byte*>(train.bytes.data() + from.offset),
                                   length};
            msghdr& header = out_->messages[count].msg_hdr;
            header = {};
            if (!connected_) {
                header.msg_name = &out_->destinations[count];
                header.msg_namelen = to_system(*train.destination, out_->destinations[count]);
            }
            header.msg_iov = &out_->pieces[count];
            header.msg_iovlen = 1;
            if (length > train.segment_length) {
                header.msg_control = out_->controls[count].bytes.data();
                header.msg_controllen = kSendControlLength;
                cmsghdr* control = CMSG_FIRSTHDR(&header);
                control->cmsg_level = SOL_UDP;
                control->cmsg_type = UDP_SEGMENT;
                control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
                const auto segment = static_cast<std::uint16_t>(train.segment_length);
                std::memcpy(CMSG_DATA(control), &segment, sizeof(segment));
            }
            from.offset += length;
            ++count;
        }
    }
    return count;
}

std::int64_t PosixUdpSocket::sent_bytes(std::size_t pieces) const noexcept {
    std::int64_t total = 0;
    for (std::size_t i = 0; i < pieces; ++i) total += std::int64_t{out_->messages[i].msg_len};
    return total;
}

/// As sendmmsg. One datagram on a connected socket, the way of a stream that is not in a hurry,
/// goes without message headers, which the system would have to read.
int PosixUdpSocket::send_pieces(std::size_t count) noexcept {
    mmsghdr& first = out_->messages.front();
    if (count > 1 || !connected_ || first.msg_hdr.msg_controllen != 0) {
        return ::sendmmsg(fd_.get(), out_->messages.data(), static_cast<unsigned>(count), 0);
    }
    const iovec& piece = out_->pieces.front();
    const ssize_t sent = ::send(fd_.get(), piece.iov_base, piece.iov_len, 0);
    if (sent < 0) return -1;
    first.msg_len = static_cast<unsigned>(sent);
    return 1;
}

SendResult PosixUdpSocket::send(std::span<const Train> trains) noexcept {
    SendResult result;
    Cursor at;
    bool on_trial = false;  // offload was just refused; is the same taken one by one?
    const auto skip_sent = [&] {
        while (at.train < trains.size() && at.offset == trains[at.train].bytes.size()) {
            at = {at.train + 1, 0};
        }
    };
    for (const Train& train : trains) {
        TERN_ASSERT(train.segment_length > 0 || train.bytes.empty(),
                    "a train has a segment length");
    }
    for (skip_sent(); at.train < trains.size(); skip_sent()) {
        const std::size_t prepared = prepare(trains, at);
        const int sent = send_pieces(prepared);
        if (sent <= 0) {
            const int error = errno;
            if (!on_trial && refuses_offload(error) &&
                piece_length(trains[at.train], at.offset) > trains[at.train].segment_length) {
                on_trial = true;
                segmentation_ = false;
                continue;
            }
            if (on_trial) segmentation_ = true;  // it is not: offload was not to blame
            if (!means_full(error)) result.error = error;
            return result;
        }
        on_trial = false;
        result.bytes += sent_bytes(static_cast<std::size_t>(sent));
        for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) {
            skip_sent();
            at.offset += out_->pieces[i].iov_len;
        }
    }
    return result;
}

// Receiving -------------------------------------------------------------------------------------

std::size_t PosixUdpSocket::receive(std::span<Datagram> out) noexcept {
    if (!has_kept()) fill_slots();
    return hand_out(out);
}

/// As recvmmsg; returns how many.
std::size_t PosixUdpSocket::receive_messages(std::size_t wanted) noexcept {
    mmsghdr& first = in_->messages.front();
    if (wanted > 1) {
        const int received =
            ::recvmmsg(fd_.get(), &first, static_cast<unsigned>(wanted), 0, nullptr);
        return received > 0 ? static_cast<std::size_t>(received) : 0;
    }
    const ssize_t length = ::recvmsg(fd_.get(), &first.msg_hdr, 0);
    if (length < 0) return 0;
    first.msg_len = static_cast<unsigned>(length);
    return 1;
}

void PosixUdpSocket::fill_slots() noexcept {
    for (std::size_t i = 0; i < wanted_slots_; ++i) {
        msghdr& header = in_->messages[i].msg_hdr;
        header.msg_flags = 0;
        header.msg_namelen = sizeof(SystemAddress);
        header.msg_controllen = kReceiveControlLength;
    }
    filled_slots_ = receive_messages(wanted_slots_);
    next_slot_ = 0;
    next_offset_ = 0;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < filled_slots_; ++i) {
        read_control(in_->messages[i].msg_hdr, i);
        bytes += in_->messages[i].msg_len;
    }
    want_slots_after(bytes);
}

/// As many as the last time, and twice as many when there was more: to find out that there is no
/// more costs a look at the socket. No more than stays in the cache until it is handed out.
void PosixUdpSocket::want_slots_after(std::size_t received_bytes) noexcept {
    const std::size_t most = received_bytes >= kCachedBatchLength / 2
                                 ? kCachedBatchLength / kReceiveSlotLength
                                 : kReceiveBatch;
    const bool is_all = filled_slots_ < wanted_slots_;
    wanted_slots_ = std::clamp(is_all ? filled_slots_ : 2 * wanted_slots_, std::size_t{1}, most);
}

void PosixUdpSocket::read_control(const msghdr& header, std::size_t slot) noexcept {
    in_->segment_lengths[slot] = in_->messages[slot].msg_len;
    in_->timestamps_ns[slot] = 0;
    msghdr copy = header;  // the macros want it writable
    for (cmsghdr* control = CMSG_FIRSTHDR(&copy); control != nullptr;
         control = CMSG_NXTHDR(&copy, control)) {
        if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
            int segment = 0;
            std::memcpy(&segment, CMSG_DATA(control), sizeof(segment));
            if (segment > 0) in_->segment_lengths[slot] = static_cast<std::size_t>(segment);
        } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
            timespec time{};
            std::memcpy(&time, CMSG_DATA(control), sizeof(time));
            in_->timestamps_ns[slot] = time.tv_sec * kNanosPerSecond + time.tv_nsec;
        }
    }
}

std::size_t PosixUdpSocket::hand_out(std::span<Datagram> out) noexcept {
    std::size_t count = 0;
    while (has_kept() && count < out.size()) {
        const std::size_t slot = next_slot_;
        const std::size_t length = in_->messages[slot].msg_len;
        auto* begin = static_cast<std::byte*>(in_->slots[slot].iov_base);
        const SocketAddress source = from_system(in_->sources[slot]);
        do {
            Datagram& datagram = out[count++];
            const std::size_t size = std::min(in_->segment_lengths[slot], length - next_offset_);
            datagram.bytes = {begin + next_offset_, size};
            datagram.source = source;
            datagram.receive_timestamp_ns = in_->timestamps_ns[slot];
            next_offset_ += size;
        } while (next_offset_ < length && count < out.size());
        if (next_offset_ == length) {
            ++next_slot_;
            next_offset_ = 0;
        }
    }
    return count;
}

// Facts -----------------------------------------------------------------------------------------

SocketAddress PosixUdpSocket::local_address() const {
    SystemAddress address{};
    socklen_t length = sizeof(address);
    if (::getsockname(fd_.get(), &address.any, &length) != 0) return {};
    return from_system(address);
}

std::uint32_t PosixUdpSocket::send_buffer_length() const {
    int length = 0;
    socklen_t size = sizeof(length);
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &length, &size);
    return static_cast<std::uint32_t>(length);
}

std::uint32_t PosixUdpSocket::receive_buffer_length() const {
    int length = 0;
    socklen_t size = sizeof(length);
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &length, &size);
    return static_cast<std::uint32_t>(length);
}

}  // namespace tern::platform::posix
