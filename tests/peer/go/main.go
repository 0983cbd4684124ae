// Verifies a published log with the code of Go's checksum database (golang.org/x/mod/sumdb), which shares nothing with
// ours: signature, root from tiles, every entry in its bundle, inclusion, consistency.
//
//	peer FOLDER KEY-LINE OLD-SIZE
//
// Prints one line of what was proved, or what is wrong, and then exits with 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tiles reads tile files; the package's paths name the height, those of tlog-tiles do not.
type tiles struct{ folder string }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func open(folder, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the note is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the root is no hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// entries are those of all bundles, whose names are the data tiles' names.
func entries(folder string, size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: n, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		for len(bundle) > 0 {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("bundle %s ends within an entry", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			all, bundle = append(all, bundle[2:end]), bundle[end:]
		}
	}
	if int64(len(all)) != size {
		return nil, fmt.Errorf("%d entries in bundles, %d signed", len(all), size)
	}
	return all, nil
}

func verify(folder, key string, old int64) error {
	tree, err := open(folder, key)
	if err != nil {
		return err
	}
	// Every tile read through this is proved to be part of the tree before it is used.
	hashes := tlog.TileHashReader(tree, tiles{folder})
	if root, err := tlog.TreeHash(tree.N, hashes); err != nil || root != tree.Hash {
		return fmt.Errorf("root from tiles is %v, signed is %v: %w", root, tree.Hash, err)
	}
	all, err := entries(folder, tree.N)
	if err != nil {
		return err
	}
	for index, entry := range all {
		leaf := tlog.RecordHash(entry)
		stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
		if err != nil || stored[0] != leaf {
			return fmt.Errorf("entry %d is not the one in its tile: %w", index, err)
		}
		if index%7 == 0 || int64(index) == tree.N-1 {
			proof, err := tlog.ProveRecord(tree.N, int64(index), hashes)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaf); err != nil {
				return err
			}
		}
	}
	oldRoot, err := tlog.TreeHash(old, hashes)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, old, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot); err != nil {
		return err
	}
	fmt.Printf("%d entries, root %v, begins with the log of %d\n", tree.N, tree.Hash, old)
	return nil
}

func main() {
	old, err := strconv.ParseInt(os.Args[3], 10, 64)
	if err == nil {
		err = verify(os.Args[1], os.Args[2], old)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
