// Logs that grow in shared memory: distinct errors and losses. Read by tools, and continued by a
// driver that finds them from an earlier run.

#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/loss_report.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

void read_errors(ConstBytes bytes) {
    memory::for_each_error(bytes, 0, [&](const memory::ErrorObservation& error) {
        fuzz::require(fuzz::is_inside(error.text, bytes));
    });
    static_cast<void>(memory::error_report(bytes));
}

void read_losses(ConstBytes bytes) {
    memory::for_each_loss(bytes, [&](const memory::LossEntry& entry) {
        fuzz::require(fuzz::is_inside(entry.channel, bytes));
        fuzz::require(fuzz::is_inside(entry.source, bytes));
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::size_t length = size / 64 * 64;
    fuzz::Copy errors(fuzz::input(data, length));
    fuzz::Copy losses(fuzz::input(data, length));
    read_errors(errors.bytes());
    read_losses(losses.bytes());
    fuzz::allow_errors([&] {
        memory::DistinctErrorLog log(errors.bytes());
        log.record(1, "an error");
        log.record(2, "an error");
        read_errors(errors.bytes());
    });
    fuzz::allow_errors([&] {
        memory::LossReport report(losses.bytes());
        if (const auto entry = report.create_entry(1, 1, 1, 1, "aeron:ipc", "a:1")) {
            entry->record(1, 2);
        }
        read_losses(losses.bytes());
    });
    return 0;
}
