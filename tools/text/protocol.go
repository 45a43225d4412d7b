package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

const (
	frameBytesMax = 64 << 20
	elementsMax   = 1_000_000 // in one container of a request
	depthMax      = 64
)

// What a process ends with, as the other tools do.
const (
	ended          = 0
	brokenStream   = 1
	frameOverLimit = 2
)

// Members of a request or a reply, or a JSON schema.
type document = map[string]any

// One thing that the tool does, as `describe` tells it.
type operation struct {
	summary string
	args    document // JSON schema of a request's members beside `op` and `id`
	run     func(request document) (document, error)
}

// Makes replies of requests. Every tool has `describe` and `batch` besides its own operations.
type tool struct {
	name       string
	version    string
	operations map[string]operation
}

var describeArgs = schema(document{})

var batchArgs = schema(document{
	"requests": document{
		"type":        "array",
		"items":       document{"type": "object"},
		"description": "requests of this tool, each with `op` and its arguments",
	},
}, "requests")

// The schema of an object with these properties.
func schema(properties document, required ...string) document {
	made := document{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		made["required"] = required
	}
	return made
}

// Answers the frames of a stream, in order, until it ends. Returns the process's exit status.
func serve(tool tool, requests io.Reader, replies io.Writer) int {
	reader := bufio.NewReaderSize(requests, 64<<10)
	for {
		payload, err := readFrame(reader)
		switch {
		case errors.Is(err, io.EOF):
			return ended
		case errors.Is(err, msgp.ErrLimitExceeded):
			_ = writeFrame(replies, failed(fmt.Errorf(
				"a frame of more than %d bytes, or of none", frameBytesMax)))
			return frameOverLimit
		case err != nil:
			fmt.Fprintln(os.Stderr, "the requests end within a frame")
			return brokenStream
		}
		if writeFrame(replies, tool.replyTo(payload)) != nil {
			return brokenStream
		}
	}
}

// A frame is a length, u32 little-endian, and so many bytes.
func readFrame(reader io.Reader) ([]byte, error) {
	var header [4]byte
	if _, err := io.ReadFull(reader, header[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header[:])
	if length == 0 || length > frameBytesMax {
		return nil, msgp.ErrLimitExceeded
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(reader, payload); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return payload, nil
}

func writeFrame(replies io.Writer, reply document) error {
	frame, err := msgp.AppendIntf(make([]byte, 4), reply)
	if err == nil && len(frame)-4 > frameBytesMax {
		err = errors.New("the reply is larger than a frame may be; ask for less at once")
	}
	if err != nil {
		instead := failed(err)
		if id, given := reply["id"]; given {
			instead["id"] = id
		}
		if frame, err = msgp.AppendIntf(make([]byte, 4), instead); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint32(frame, uint32(len(frame)-4))
	_, err = replies.Write(frame)
	return err
}

func failed(why error) document {
	return document{"ok": false, "error": strings.ToValidUTF8(why.Error(), "\uFFFD")}
}

func (tool tool) replyTo(payload []byte) document {
	request, err := decode(payload)
	if err != nil {
		return failed(fmt.Errorf("MessagePack: %w", err))
	}
	return tool.reply(request, false)
}

// The one document that the bytes are.
func decode(payload []byte) (any, error) {
	if err := check(payload); err != nil {
		return nil, err
	}
	reader := msgp.NewReader(bytes.NewReader(payload))
	reader.SetMaxElements(elementsMax)
	return reader.ReadIntf()
}

// Whether bytes can be decoded without harm: the library calls itself as deep as they are nested,
// on a stack that is small in WebAssembly, and makes room for what they announce, before it sees
// that there is less.
func check(rest []byte) error {
	left := []uint64{1} // values still to come, of each container that is open
	for len(left) > 0 {
		last := len(left) - 1
		if left[last] == 0 {
			left = left[:last]
			continue
		}
		left[last]--
		var size uint32
		var err error
		switch msgp.NextType(rest) {
		case msgp.ArrayType:
			size, rest, err = msgp.ReadArrayHeaderBytes(rest)
			left = append(left, uint64(size))
		case msgp.MapType:
			size, rest, err = msgp.ReadMapHeaderBytes(rest)
			left = append(left, 2*uint64(size))
		default:
			rest, err = msgp.Skip(rest)
		}
		if err != nil {
			return err
		}
		if len(left) > depthMax {
			return fmt.Errorf("nested deeper than %d levels", depthMax)
		}
	}
	if len(rest) > 0 {
		return errors.New("more than one document")
	}
	return nil
}

func (tool tool) reply(request any, inBatch bool) document {
	members, isMap := request.(document)
	if !isMap {
		return failed(errors.New("A request is a map"))
	}
	reply, err := tool.answer(members, inBatch)
	if err != nil {
		reply = failed(err)
	} else {
		reply["ok"] = true
	}
	if id, given := members["id"]; given {
		reply["id"] = id
	}
	return reply
}

func (tool tool) answer(request document, inBatch bool) (document, error) {
	op, given := request["op"].(string)
	if !given {
		return nil, errors.New("Missing op")
	}
	switch operation, known := tool.operations[op]; {
	case known:
		return operation.run(request)
	case op == "describe":
		return tool.describe(), nil
	case op == "batch" && inBatch:
		return nil, errors.New("A batch holds no batch")
	case op == "batch":
		return tool.batch(request)
	}
	return nil, fmt.Errorf("Unknown operation: %s", op)
}

func (tool tool) batch(request document) (document, error) {
	requests, given := request["requests"].([]any)
	if !given {
		return nil, errors.New("Missing requests")
	}
	replies := make([]any, 0, len(requests))
	for _, each := range requests {
		replies = append(replies, tool.reply(each, true))
	}
	return document{"replies": replies}, nil
}

func (tool tool) describe() document {
	ops := document{
		"describe": document{
			"summary": "What this tool can do, as JSON schemas.", "args": describeArgs},
		"batch": document{
			"summary": "Several requests at once, answered in order.", "args": batchArgs},
	}
	for name, operation := range tool.operations {
		ops[name] = document{"summary": operation.summary, "args": operation.args}
	}
	return document{"name": tool.name, "version": tool.version, "ops": ops}
}
