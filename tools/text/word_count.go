package main

import (
	"bufio"
	"io"
	"unicode"
)

// Counts as wc does: a word is what blanks part, a line what a line feed ends.
var wordCount = operation{
	summary: "Counts the lines, words, characters and bytes of a text file.",
	args:    schema(document{"path": pathArg}, "path"),
	run: func(request document) (document, error) {
		file, err := openFile(request)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		counts, err := count(bufio.NewReaderSize(file, 256<<10))
		if err != nil {
			return nil, cannotRead(file.Name(), err)
		}
		return document{"lines": counts.lines, "words": counts.words,
			"characters": counts.characters, "bytes": counts.bytes}, nil
	},
}

type counts struct{ lines, words, characters, bytes int64 }

func count(text io.RuneReader) (counts, error) {
	var counted counts
	inWord := false
	for {
		letter, size, err := text.ReadRune()
		if err == io.EOF {
			return counted, nil
		}
		if err != nil {
			return counted, err
		}
		counted.bytes += int64(size)
		counted.characters++
		if letter == '\n' {
			counted.lines++
		}
		blank := unicode.IsSpace(letter)
		if !blank && !inWord {
			counted.words++
		}
		inWord = !blank
	}
}
