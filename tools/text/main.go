// text: words, lines and patterns of text files. docs/tools/text.md
package main

import "os"

// set by the build
var version = "unknown"

func main() {
	operations := map[string]operation{
		"word_count": wordCount,
		"grep":       grep,
		"read_range": readRange,
	}
	os.Exit(serve(tool{"text", version, operations}, os.Stdin, os.Stdout))
}
