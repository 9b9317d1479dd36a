#pragma once
// Writes UDP datagrams to a capture file that tcpdump, tshark and their kin read: pcap 2.4, link
// type 101 (raw IP), IPv4 only. Thread safety: one thread at a time.

#include <cstdint>
#include <fstream>
#include <string>

#include "tern/base/bytes.hpp"
#include "tern/platform/socket_address.hpp"

namespace tern::support {

class PcapFile {
  public:
    explicit PcapFile(const std::string& path);
    /// The capture's clock advances by 1 us with each.
    void write(const platform::SocketAddress& from, const platform::SocketAddress& to,
               ConstBytes datagram);
    /// Whole from then on.
    void close() { file_.close(); }

  private:
    std::ofstream file_;
    std::uint32_t time_us_ = 0;
};

}  // namespace tern::support
