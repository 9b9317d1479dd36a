// The catalog of an archive: opened, repaired, listed, added to, and opened again.

#include "tern/archive/catalog.hpp"

#include "tests/fuzz/scratch_file.hpp"

using namespace tern;

namespace {

[[nodiscard]] archive::CatalogOptions options_of(const fuzz::ScratchFile& file) {
    archive::CatalogOptions options;
    options.archive_directory = file.directory();
    options.capacity = 4096;
    options.io_buffer_length = 4096;
    return options;
}

void list(const archive::Catalog& catalog) {
    for (auto id = catalog.next_id(0); id; id = catalog.next_id(*id + 1)) {
        static_cast<void>(catalog.describe(*id));
        static_cast<void>(catalog.descriptor_bytes(*id));
        if (*id == INT64_MAX) return;
    }
    static_cast<void>(catalog.find_last(0, 1, 1, "a"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::ScratchFile file{std::string(archive::kCatalogFileName)};
    file.write(fuzz::input(data, size));
    fuzz::allow_errors([&] {
        archive::Catalog catalog(options_of(file), file.platform());
        list(catalog);
        archive::RecordingDescriptor descriptor;
        descriptor.stripped_channel = "aeron:ipc";
        descriptor.original_channel = "aeron:ipc";
        descriptor.source_identity = "aeron:ipc";
        const std::int64_t id = catalog.add_recording(descriptor);
        fuzz::require(catalog.contains(id));
        list(catalog);
        catalog.close();
    });
    fuzz::allow_errors([&] { list(archive::Catalog(options_of(file), file.platform())); });
    return 0;
}
