// Gives pictures to an inbox of `rollcall serve`; the standard library is enough.
//
//	ROLLCALL_TOKEN=... go run inbox-add.go http://127.0.0.1:8788 door emp-17=17.jpg emp-18=18.jpg
//
// Prints run and number of each. What is answered 429 or 503, or not at all, is sent again with the same key, so that
// nothing is lost and nothing is there twice. Ends with 1 if something was refused.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

type answer struct {
	Run      string
	Seq      int
	Repeated bool
	Detail   string
}

func add(address, key, subject string, picture []byte) (int, answer) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("subjectId", subject)
	file, _ := form.CreateFormFile("picture", "photo")
	file.Write(picture)
	form.Close()
	for {
		wait := time.Second
		request, err := http.NewRequest("POST", address, bytes.NewReader(body.Bytes()))
		if err != nil {
			panic(err)
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("ROLLCALL_TOKEN"))
		request.Header.Set("Content-Type", form.FormDataContentType())
		request.Header.Set("Idempotency-Key", key)
		if reply, err := http.DefaultClient.Do(request); err == nil {
			var read answer
			err = json.NewDecoder(reply.Body).Decode(&read)
			reply.Body.Close()
			if err == nil && reply.StatusCode != 429 && reply.StatusCode != 503 {
				return reply.StatusCode, read
			}
			if seconds, err := strconv.Atoi(reply.Header.Get("Retry-After")); err == nil {
				wait = time.Duration(seconds) * time.Second
			}
		}
		time.Sleep(wait)
	}
}

func main() {
	server, inbox := os.Args[1], os.Args[2]
	refused := 0
	for _, photo := range os.Args[3:] {
		subject, path, _ := strings.Cut(photo, "=")
		picture, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		stat, err := os.Stat(path)
		if err != nil {
			panic(err)
		}
		// The same photo has the same key whenever this is started; what names it in your own system will do.
		key := fmt.Sprintf("%s-%d", subject, stat.ModTime().UnixNano())
		status, read := add(server+"/api/v1/inboxes/"+url.PathEscape(inbox)+"/photos", key, subject, picture)
		if status != 202 {
			refused++
			fmt.Fprintln(os.Stderr, subject, "refused:", read.Detail)
			continue
		}
		said := "new"
		if read.Repeated {
			said = "repeated"
		}
		fmt.Println(subject, read.Run, read.Seq, said)
	}
	if refused > 0 {
		os.Exit(1)
	}
}
