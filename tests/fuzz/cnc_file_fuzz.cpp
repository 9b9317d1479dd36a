// The CnC file as its readers see it: header, counters and their keys, error log. The bytes are the
// file; a version and small lengths that fit are put into its header, so that the rest is looked
// at.

#include "tern/memory/cnc_file.hpp"

#include "tern/memory/counter_keys.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

void read_counters(const memory::CountersReader& counters) {
    counters.for_each([&](std::int32_t id) {
        const ConstBytes key = counters.key(id);
        static_cast<void>(counters.label(id));
        static_cast<void>(counters.value(id));
        static_cast<void>(memory::parse_stream_key(key));
        static_cast<void>(memory::parse_channel_key(key));
        static_cast<void>(memory::parse_socket_address_key(key));
        static_cast<void>(memory::parse_recording_position_key(key));
        static_cast<void>(memory::parse_recovery_state_key(key));
    });
    static_cast<void>(counters.find(11, 1));
    static_cast<void>(memory::counters_text(counters));
}

void read(Bytes bytes) {
    fuzz::allow_errors([&] {
        const memory::CncFile file(bytes);
        static_cast<void>(file.file_page_size());
        static_cast<void>(file.driver_heartbeat_ms());
        static_cast<void>(memory::error_report(file.error_log()));
        read_counters(file.counters());
        static_cast<void>(file.control_protocol_version());
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // No more of the rings than their trailers, and two counters.
    constexpr std::int32_t kValues = 2 * 128;
    constexpr std::int32_t kToDriver = 768;
    constexpr std::int32_t kToClients = 128;
    if (size % 8 != 0) return 0;
    fuzz::Copy copy(fuzz::input(data, size));
    const Bytes bytes = copy.bytes();
    read(bytes);
    constexpr std::int32_t kFixed = memory::kCncHeaderLength + kToDriver + kToClients + 5 * kValues;
    if (size < static_cast<std::size_t>(kFixed)) return 0;
    store(bytes.data() + memory::cnc::kToDriverLengthOffset, kToDriver);
    store(bytes.data() + memory::cnc::kToClientsLengthOffset, kToClients);
    store(bytes.data() + memory::cnc::kCountersMetadataLengthOffset, 4 * kValues);
    store(bytes.data() + memory::cnc::kCountersValuesLengthOffset, kValues);
    store(bytes.data() + memory::cnc::kErrorLogLengthOffset,
          static_cast<std::int32_t>(size) - kFixed);
    read(bytes);
    return 0;
}
