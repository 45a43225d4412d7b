package main

import "strings"

const (
	linesUsual     = 200
	linesMost      = 10_000
	rangeBytesMost = 1 << 20
	lineNumberMost = 1 << 53
)

var readRange = operation{
	summary: "Reads some lines of a text file.",
	args: schema(document{
		"path": pathArg,
		"from": document{"type": "integer", "minimum": 1,
			"description": "the first line, 1 unless given"},
		"lines": document{"type": "integer", "minimum": 1, "maximum": linesMost,
			"description": "how many, 200 unless given"},
	}, "path"),
	run: func(request document) (document, error) {
		from, err := wholeNumber(request, "from", 1, 1, lineNumberMost)
		if err != nil {
			return nil, err
		}
		most, err := wholeNumber(request, "lines", linesUsual, 1, linesMost)
		if err != nil {
			return nil, err
		}
		file, err := openFile(request)
		if err != nil {
			return nil, err
		}
		defer file.Close()

		var text strings.Builder
		taken := int64(0)
		more := false
		lines := newLines(file)
		for number := int64(1); lines.Scan(); number++ {
			if number < from {
				continue
			}
			if taken == most || text.Len()+len(lines.Bytes()) >= rangeBytesMost {
				more = true
				break
			}
			text.Write(lines.Bytes())
			text.WriteByte('\n')
			taken++
		}
		if err := linesError(file.Name(), lines.Err()); err != nil {
			return nil, err
		}
		return document{"text": strings.ToValidUTF8(text.String(), "\uFFFD"), "from": from,
			"lines": taken, "more": more}, nil
	},
}
