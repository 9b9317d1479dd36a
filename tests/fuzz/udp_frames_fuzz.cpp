// What a driver takes off the network, name resolution included.

#include "tern/wire/udp_frames.hpp"

#include "tern/wire/resolution_frames.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size);
    static_cast<void>(wire::decode_frame_header(bytes));
    static_cast<void>(wire::decode_setup(bytes));
    static_cast<void>(wire::decode_nak(bytes));
    static_cast<void>(wire::decode_status_message(bytes));
    static_cast<void>(wire::decode_rttm(bytes));
    if (const auto error = wire::decode_error(bytes)) {
        fuzz::require(fuzz::is_inside(error->text, bytes));
    }
    static_cast<void>(wire::decode_response_setup(bytes));
    wire::ResolutionReader reader(bytes);
    while (const auto entry = reader.next()) {
        fuzz::require(fuzz::is_inside(entry->name, bytes));
        fuzz::require(fuzz::is_inside(entry->address, bytes));
        static_cast<void>(entry->is_any_address());
    }
    return 0;
}
