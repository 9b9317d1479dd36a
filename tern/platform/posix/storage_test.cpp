// Files and mappings of the real file system, below a directory of this test's own.

#include "tern/platform/posix/storage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tern/platform/posix/random.hpp"

namespace tern::platform::posix {
namespace {

class Files : public testing::Test {
  protected:
    void SetUp() override { storage_.create_directories(root_, Visibility::shared); }
    void TearDown() override { storage_.remove_all(root_); }
    std::string path(std::string_view name) const { return join_path(root_, name); }

    static mode_t mode_of(const std::string& path) {
        struct stat info {};
        EXPECT_EQ(::stat(path.c_str(), &info), 0);
        return info.st_mode & 0777;
    }
    template <typename Action>
    static int error_of(Action action) {
        try {
            action();
        } catch (const StorageError& error) {
            return error.error_number();
        }
        return 0;
    }

    PosixStorage storage_;
    std::string root_ = "/tmp/tern-storage-" + std::to_string(PosixRandom{}.next_u64());
};

TEST_F(Files, TwoMappingsOfOneFileAreTheSameMemory) {
    for (const bool sparse : {true, false}) {
        const std::string name = path(sparse ? "sparse" : "reserved");
        auto first = storage_.create_mapped(name, 12'345, {.sparse = sparse});
        EXPECT_EQ(first->size(), 12'345);
        EXPECT_EQ(storage_.file_size(name), 12'345);
        auto second = storage_.open_mapped(name, Access::read_write);
        auto reader = storage_.open_mapped(name, Access::read_only);
        first->bytes()[12'344] = std::byte{7};
        EXPECT_EQ(second->bytes()[12'344], std::byte{7});
        EXPECT_EQ(reader->bytes()[12'344], std::byte{7});
        EXPECT_EQ(reader->bytes()[0], std::byte{0});
        first->sync();

        struct stat info {};
        ::stat(name.c_str(), &info);
        EXPECT_EQ(info.st_blocks * 512 >= 12'345, !sparse);
    }
}

TEST_F(Files, AnExistingFileIsRefusedOrTruncatedAsAsked) {
    storage_.create(path("x"), {})->write_at(0, as_bytes("old"));
    EXPECT_EQ(error_of([&] { (void)storage_.create(path("x"), {}); }), EEXIST);
    EXPECT_EQ(error_of([&] { (void)storage_.create_mapped(path("x"), 10, {}); }), EEXIST);
    EXPECT_EQ(storage_.file_size(path("x")), 3);
    auto mapping = storage_.create_mapped(path("x"), 10, {.exclusive = false});
    EXPECT_EQ(mapping->bytes()[0], std::byte{0});
}

TEST_F(Files, AFailedCreationLeavesNoFile) {
    EXPECT_NE(error_of([&] {
                  (void)storage_.create_mapped(path("huge"), std::int64_t{1} << 60,
                                               {.sparse = false});
              }),
              0);
    EXPECT_FALSE(storage_.exists(path("huge")));
}

TEST_F(Files, ModesFollowTheUmaskUnlessMeantLiterally) {
    const mode_t before = ::umask(0027);
    (void)storage_.create(path("shared"), {});
    (void)storage_.create(path("private"), {.visibility = Visibility::owner_only});
    storage_.create_directories(path("a/b"), Visibility::shared);
    storage_.create_directories(path("c/d"), Visibility::owner_only);
    ::umask(before);
    EXPECT_EQ(mode_of(path("shared")), 0640U);
    EXPECT_EQ(mode_of(path("private")), 0600U);
    EXPECT_EQ(mode_of(path("a/b")), 0750U);
    EXPECT_EQ(mode_of(path("c")), 0700U);
    EXPECT_EQ(mode_of(path("c/d")), 0700U);
    storage_.create_directories(path("a/b/"), Visibility::shared);  // again: fine
}

TEST_F(Files, ReadsWritesGrowsAndShrinks) {
    auto file = storage_.create(path("f"), {});
    file->write_at(100, as_bytes("hello"));
    EXPECT_EQ(file->size(), 105);
    std::array<std::byte, 10> into;
    EXPECT_EQ(file->read_at(98, into), 7U);
    EXPECT_EQ(as_text(ConstBytes(into).subspan(2, 5)), "hello");
    EXPECT_EQ(into[0], std::byte{0});
    EXPECT_EQ(file->read_at(105, into), 0U);
    file->allocate(10'000);
    EXPECT_EQ(file->size(), 10'000);
    file->allocate(50);  // never shrinks
    EXPECT_EQ(file->size(), 10'000);
    file->truncate(3);
    EXPECT_EQ(file->size(), 3);
    file->sync(false);
    file->sync(true);
    storage_.sync_directory(root_);
    auto reader = storage_.open(path("f"), Access::read_only);
    EXPECT_EQ(error_of([&] { reader->write_at(0, as_bytes("x")); }), EBADF);
}

TEST_F(Files, DirectoriesListRenameAndRemove) {
    (void)storage_.create(path("b"), {});
    (void)storage_.create(path("a"), {});
    storage_.create_directories(path("d/e"), Visibility::shared);
    EXPECT_THAT(storage_.list(root_), testing::ElementsAre("a", "b", "d"));
    storage_.rename(path("a"), path("b"));
    EXPECT_THAT(storage_.list(root_), testing::ElementsAre("b", "d"));
    EXPECT_TRUE(storage_.remove(path("b")));
    EXPECT_FALSE(storage_.remove(path("b")));
    EXPECT_TRUE(storage_.is_directory(path("d")));
    storage_.remove_all(path("d"));
    storage_.remove_all(path("d"));
    EXPECT_FALSE(storage_.exists(path("d")));
}

TEST_F(Files, ErrorsNameTheOperationThePathAndTheReason) {
    try {
        (void)storage_.open(path("missing"), Access::read_only);
        FAIL() << "opened a file that is not there";
    } catch (const StorageError& error) {
        EXPECT_EQ(error.error_number(), ENOENT);
        EXPECT_EQ(error.what(), "open " + path("missing") + ": No such file or directory");
    }
    (void)storage_.create(path("empty"), {});
    EXPECT_EQ(error_of([&] { (void)storage_.open_mapped(path("empty"), Access::read_only); }),
              EINVAL);
    EXPECT_EQ(error_of([&] { storage_.create_directories(path("empty/x"), Visibility::shared); }),
              EEXIST);
    EXPECT_EQ(error_of([&] { (void)storage_.list(path("missing")); }), ENOENT);
}

TEST_F(Files, FreeSpaceAndAbsolutePathsOfWhatIsNotThereYet) {
    EXPECT_GT(storage_.free_space(path("not/yet")), 0);
    EXPECT_EQ(storage_.absolute(path("x/../y")), storage_.absolute(root_) + "/y");
}

TEST(Paths, JoinWithOneSlash) {
    EXPECT_EQ(join_path("/a", "b"), "/a/b");
    EXPECT_EQ(join_path("/a/", "b"), "/a/b");
    EXPECT_EQ(join_path("", "b"), "b");
}

}  // namespace
}  // namespace tern::platform::posix
