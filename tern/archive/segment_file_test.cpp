#include "tern/archive/segment_file.hpp"

#include <gtest/gtest.h>

namespace tern::archive {
namespace {

TEST(SegmentGeometry, IsAnchoredAtTheTermOfTheStart) {
    const SegmentGeometry g{135168, 65536, 131072, 10};  // Java's recording 2: file 2-131072.rec
    EXPECT_EQ(g.start_term_base(), 131072);
    EXPECT_EQ(g.segment_base(135168), 131072);
    EXPECT_EQ(g.segment_base(262143), 131072);
    EXPECT_EQ(g.segment_base(262144), 262144);
    EXPECT_EQ(g.segment_offset(135168), 4096);
    EXPECT_EQ(g.term_offset(182912), 51840);
    EXPECT_EQ(g.term_id(135168), 12);
}

TEST(SegmentGeometry, TermIdsWrap) {
    const SegmentGeometry g{131072, 65536, 131072, 2147483646};
    EXPECT_EQ(g.term_id(131072), INT32_MIN);
}

TEST(SegmentFileName, ParsesItsOwnAndNothingElse) {
    EXPECT_EQ(segment_file_name(7, 131072), "7-131072.rec");
    const auto name = parse_segment_file_name("7-131072.rec.del");
    ASSERT_TRUE(name);
    EXPECT_TRUE(name->deleted);
    EXPECT_EQ(name->recording_id, 7);
    EXPECT_EQ(name->base_position, 131072);
    for (const auto* bad :
         {"", ".rec", "-.rec", "7.rec", "7-.rec", "-7-1.rec", "x-1.rec", "7--1.rec", "7-1.re",
          "7-1x.rec", "99999999999999999999-0.rec", "7-+1.rec"}) {
        EXPECT_FALSE(parse_segment_file_name(bad)) << bad;
    }
}

}  // namespace
}  // namespace tern::archive
