// Mark files of an archive and of a cluster's components: read by tools, and taken over by the next
// run of their component.

#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tests/fuzz/scratch_file.hpp"

using namespace tern;

namespace {

template <typename Mark>
void read(fuzz::ScratchFile& file) {
    fuzz::allow_errors([&] {
        const auto mark = Mark::open(file.platform().storage, file.path());
        static_cast<void>(mark.fields());
        static_cast<void>(mark.is_active(1'000'000));
        static_cast<void>(memory::error_report(mark.error_log()));
    });
}

/// Short inputs are the beginning of a file; every second one is all of it.
[[nodiscard]] std::vector<std::byte> contents(ConstBytes bytes) {
    std::vector<std::byte> file(bytes.begin(), bytes.end());
    if (bytes.size() % 2 == 0) {
        file.resize(std::max(file.size(), std::size_t{memory::kMarkHeaderLength} + 4096));
    }
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::ScratchFile file("mark.dat");
    const auto bytes = contents(fuzz::input(data, size));
    file.write(bytes);
    read<memory::ArchiveMarkFile>(file);
    read<memory::ClusterMarkFile>(file);
    memory::MarkFileAcquisition acquisition;
    acquisition.path = file.path();
    acquisition.error_log_length = 4096;
    acquisition.take_over = true;
    fuzz::allow_errors([&] {
        auto mark = memory::ArchiveMarkFile::acquire(file.platform().storage, acquisition, {});
        mark.signal_ready(1);
    });
    file.write(bytes);
    fuzz::allow_errors([&] {
        auto mark = memory::ClusterMarkFile::acquire(
            file.platform().storage, memory::ClusterComponent::container, acquisition, {});
        mark.signal_ready(1);
    });
    return 0;
}
