#include "tern/archive/protocol.hpp"

#include <fmt/format.h>

namespace tern::archive {

std::string check_client_version(std::int32_t version) {
    if ((version >> 16) == (kProtocolVersion >> 16)) return {};
    return fmt::format("invalid client version {}.{}.{}, archive is 1.12.0", (version >> 16) & 0xFF,
                       (version >> 8) & 0xFF, version & 0xFF);
}

}  // namespace tern::archive
