/// taglib-sidecar: reads and writes tags of audio files. docs/tools/taglib.md

#include <unistd.h>

#include "protocol/serve.h"
#include "taglib/leftovers.h"
#include "taglib/operations.h"

int main() {
    using namespace threadrunner;
    taglib::Leftovers leftovers;
    const tools::Tool tool("taglib", TOOL_VERSION, taglib::operations(leftovers));
    return tools::serve(tool, STDIN_FILENO, STDOUT_FILENO);
}
