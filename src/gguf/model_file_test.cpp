#include "gguf/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/scratch_directory.h"
#include "gguf/builder.h"

namespace threadrunner::gguf {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Error fault_of(const std::filesystem::path& path) {
    const auto model = check_model_file(path);
    return model ? Error{.message = "no fault"} : model.error();
}

/// One file of a split model: 32 bytes of tensor data, metadata in the first.
std::string part(std::uint16_t number, std::uint16_t count, int tensors_of_all) {
    Builder builder;
    if (number == 0) {
        builder.text("general.architecture", "llama").u32("llama.block_count", 1);
    }
    builder.u16("split.no", number).u16("split.count", count);
    builder.i32("split.tensors.count", tensors_of_all);
    builder.tensor("tensor" + std::to_string(number), {8}, 0, 0);
    return builder.file(32);
}

class SplitModel : public testing::Test {
protected:
    SplitModel() {
        for (std::uint16_t i = 0; i < 3; ++i) {
            directory.write(name(i + 1), part(i, 3, 3));
        }
    }
    static std::string name(int number) {
        return "big-0000" + std::to_string(number) + "-of-00003.gguf";
    }

    ScratchDirectory directory;
};

TEST(ModelFile, AWholeModelIsAccepted) {
    const ScratchDirectory directory;
    const std::string bytes = small_model().file(small_model_data_bytes);
    const auto path = directory.write("small.gguf", bytes);
    const auto model = check_model_file(path);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->path, path);
    EXPECT_EQ(model->parts, std::vector{path});
    EXPECT_EQ(model->bytes, bytes.size());
    EXPECT_EQ(model->version, 3U);
    EXPECT_EQ(model->facts.name, "Small");
}

TEST(ModelFile, EveryFaultNamesTheFile) {
    const ScratchDirectory directory;
    const auto path = directory.write("bad.gguf", "<html>");
    EXPECT_THAT(fault_of(path).message,
                StartsWith(path.string() + " is not a GGUF file: it is a web page"));
    EXPECT_THAT(fault_of(directory.write("empty.gguf", "")).message,
                StartsWith((directory / "empty.gguf").string() + " is empty"));
    EXPECT_EQ(fault_of(directory / "none.gguf").code, ErrorCode::unknown_model);
}

TEST(ModelFile, ANameThatNoFrameCanCarryIsRefusedBeforeAnEngineDiesOfIt) {
    const ScratchDirectory directory;
    const std::string bytes = small_model().file(small_model_data_bytes);
    EXPECT_THAT(fault_of(directory.write("caf\xE9.gguf", bytes)).message,
                HasSubstr("caf\xEF\xBF\xBD.gguf has a name that is not UTF-8"));
}

TEST(ModelFile, AnInterruptedDownloadSaysHowMuchIsMissing) {
    const ScratchDirectory directory;
    const std::string whole = small_model().file(small_model_data_bytes);
    const auto path =
        directory.write("cut.gguf", std::string_view(whole).substr(0, whole.size() - 1));
    const Error error = fault_of(path);
    EXPECT_EQ(error.code, ErrorCode::model_load_failed);
    EXPECT_THAT(error.message,
                AllOf(HasSubstr("is cut off: it has " + std::to_string(whole.size() - 1) +
                                " bytes of at least " + std::to_string(whole.size())),
                      HasSubstr("download it again")));
}

TEST(ModelFile, AVocabularyAloneCannotRun) {
    const ScratchDirectory directory;
    const auto path =
        directory.write("vocab.gguf", Builder().text("general.architecture", "llama").header());
    EXPECT_THAT(fault_of(path).message, HasSubstr("no weights"));
}

TEST_F(SplitModel, CountsAllParts) {
    const auto model = check_model_file(directory / name(1));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->parts.size(), 3U);
    EXPECT_EQ(model->facts.parameters, 24U);
    EXPECT_EQ(model->facts.weights_bytes, 96U);
    EXPECT_EQ(model->bytes, part(0, 3, 3).size() + 2 * part(1, 3, 3).size());
}

TEST_F(SplitModel, NamesEveryMissingPart) {
    std::filesystem::remove(directory / name(2));
    EXPECT_THAT(
        fault_of(directory / name(1)).message,
        AllOf(HasSubstr("lacks 1 of its 3 parts: " + name(2) + ";"), Not(HasSubstr(name(3)))));
    std::filesystem::remove(directory / name(3));
    EXPECT_THAT(fault_of(directory / name(1)).message,
                HasSubstr("lacks 2 of its 3 parts: " + name(2) + ", " + name(3)));
}

TEST_F(SplitModel, AnotherPartAsksForTheFirst) {
    EXPECT_THAT(fault_of(directory / name(2)).message,
                AllOf(HasSubstr("is part 2 of 3"),
                      HasSubstr("give its part 1: " + (directory / name(1)).string())));
}

TEST_F(SplitModel, ARenamedPartAsksForItsNameBack) {
    std::filesystem::rename(directory / name(1), directory / "renamed.gguf");
    EXPECT_THAT(fault_of(directory / "renamed.gguf").message,
                HasSubstr("rename it to NAME-00001-of-00003.gguf"));
}

TEST_F(SplitModel, FaultsOfLaterPartsNameThem) {
    const std::string whole = part(2, 3, 3);
    directory.write(name(3), std::string_view(whole).substr(0, whole.size() - 1));
    EXPECT_THAT(fault_of(directory / name(1)).message,
                StartsWith((directory / name(3)).string() + " is cut off"));
    directory.write(name(3), part(1, 3, 3));
    EXPECT_THAT(fault_of(directory / name(1)).message,
                StartsWith((directory / name(3)).string() + " says that it is part 2 of 3"));
}

TEST_F(SplitModel, PartsOfDifferentModelsAreNotMixed) {
    directory.write(name(1), part(0, 3, 30));
    EXPECT_THAT(fault_of(directory / name(1)).message, HasSubstr("hold 3 tensors of 30"));
}

TEST_F(SplitModel, AnAbsurdNumberOfPartsIsNotLookedFor) {
    EXPECT_THAT(fault_of(directory.write("a-00001-of-65535.gguf", part(0, 65535, 1))).message,
                HasSubstr("claims to be one of 65535 parts"));
}

TEST(ModelFile, ARealModelIsWholeToTheByte) {
    const char* path = std::getenv("THREADRUNNER_TEST_MODEL");
    if (path == nullptr) {
        GTEST_SKIP() << "THREADRUNNER_TEST_MODEL names no model";
    }
    const auto model = check_model_file(path);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->bytes, std::filesystem::file_size(path));
    EXPECT_FALSE(model->facts.architecture.empty());
    EXPECT_LT(model->facts.weights_bytes, model->bytes);
    EXPECT_EQ(model->facts.kv_heads.size(), model->facts.block_count);
}

}  // namespace
}  // namespace threadrunner::gguf
