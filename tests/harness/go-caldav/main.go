// A CalDAV server with go-webdav: it has neither sync-collection nor a CTag. It keeps calendars in memory, for one user.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-ical"
	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"
)

const principal, home = "/ann/", "/ann/calendars/"

type memory struct {
	lock      sync.Mutex
	calendars map[string]*caldav.Calendar
	objects   map[string]caldav.CalendarObject
}

func notFound() error { return webdav.NewHTTPError(http.StatusNotFound, fmt.Errorf("not found")) }

func (m *memory) CurrentUserPrincipal(context.Context) (string, error) { return principal, nil }
func (m *memory) CalendarHomeSetPath(context.Context) (string, error)  { return home, nil }

func (m *memory) CreateCalendar(_ context.Context, calendar *caldav.Calendar) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.calendars[calendar.Path] = calendar
	return nil
}

func (m *memory) ListCalendars(context.Context) ([]caldav.Calendar, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	var all []caldav.Calendar
	for _, calendar := range m.calendars {
		all = append(all, *calendar)
	}
	return all, nil
}

func (m *memory) GetCalendar(_ context.Context, path string) (*caldav.Calendar, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if calendar, ok := m.calendars[path]; ok {
		return calendar, nil
	}
	return nil, notFound()
}

func (m *memory) GetCalendarObject(_ context.Context, path string, _ *caldav.CalendarCompRequest) (*caldav.CalendarObject, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if object, ok := m.objects[path]; ok {
		return &object, nil
	}
	return nil, notFound()
}

func (m *memory) ListCalendarObjects(_ context.Context, path string, _ *caldav.CalendarCompRequest) ([]caldav.CalendarObject, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	var found []caldav.CalendarObject
	for name, object := range m.objects {
		if strings.HasPrefix(name, path) {
			found = append(found, object)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Path < found[j].Path })
	return found, nil
}

func (m *memory) QueryCalendarObjects(ctx context.Context, path string, query *caldav.CalendarQuery) ([]caldav.CalendarObject, error) {
	if _, err := m.GetCalendar(ctx, path); err != nil {
		return nil, err
	}
	all, err := m.ListCalendarObjects(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	return caldav.Filter(query, all)
}

func (m *memory) PutCalendarObject(_ context.Context, path string, calendar *ical.Calendar, options *caldav.PutCalendarObjectOptions) (*caldav.CalendarObject, error) {
	var text bytes.Buffer
	if err := ical.NewEncoder(&text).Encode(calendar); err != nil {
		return nil, webdav.NewHTTPError(http.StatusForbidden, err)
	}
	if _, err := m.GetCalendar(nil, path[:strings.LastIndex(path, "/")+1]); err != nil {
		return nil, err
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	known, exists := m.objects[path]
	if options.IfNoneMatch.IsWildcard() && exists {
		return nil, webdav.NewHTTPError(http.StatusPreconditionFailed, fmt.Errorf("exists"))
	}
	if options.IfMatch.IsSet() {
		wanted, err := options.IfMatch.ETag()
		if err != nil || !exists || wanted != known.ETag {
			return nil, webdav.NewHTTPError(http.StatusPreconditionFailed, fmt.Errorf("changed"))
		}
	}
	etag := fmt.Sprintf("%x", sha256.Sum256(append(text.Bytes(), time.Now().String()...)))[:16]
	object := caldav.CalendarObject{Path: path, ModTime: time.Now(), ContentLength: int64(text.Len()), ETag: etag, Data: calendar}
	m.objects[path] = object
	return &object, nil
}

func (m *memory) DeleteCalendarObject(_ context.Context, path string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if _, ok := m.calendars[path]; ok {
		delete(m.calendars, path)
		for name := range m.objects {
			if strings.HasPrefix(name, path) {
				delete(m.objects, name)
			}
		}
		return nil
	}
	if _, ok := m.objects[path]; !ok {
		return notFound()
	}
	delete(m.objects, path)
	return nil
}

var displayName = regexp.MustCompile(`<d:displayname>([^<]*)<`)
var component = regexp.MustCompile(`comp name="(\w+)"`)

// The library answers 405 to MKCALENDAR.
func calendarOf(path, body string) *caldav.Calendar {
	calendar := &caldav.Calendar{Path: path}
	if found := displayName.FindStringSubmatch(body); found != nil {
		calendar.Name = found[1]
	}
	for _, found := range component.FindAllStringSubmatch(body, -1) {
		calendar.SupportedComponentSet = append(calendar.SupportedComponentSet, found[1])
	}
	return calendar
}

func main() {
	address, user, password := os.Args[1], os.Args[2], os.Args[3]
	store := &memory{calendars: map[string]*caldav.Calendar{}, objects: map[string]caldav.CalendarObject{}}
	handler := &caldav.Handler{Backend: store}
	err := http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, secret, _ := r.BasicAuth()
		if name != user || secret != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="calendars"`)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		if r.Method == "MKCALENDAR" {
			body, _ := io.ReadAll(r.Body)
			store.CreateCalendar(r.Context(), calendarOf(r.URL.Path, string(body)))
			w.WriteHeader(http.StatusCreated)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
