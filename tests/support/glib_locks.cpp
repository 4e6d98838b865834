// SPDX-License-Identifier: LGPL-2.1-or-later
/// Makes ThreadSanitizer aware of GLib's own locks, which are futexes that it does not see: stands
/// in front of GLib's functions in programs that are built with it.
#include <dlfcn.h>

#include <glib.h>
#include <gst/gst.h>

extern "C" {
void __tsan_acquire(void *address);  // NOLINT(bugprone-reserved-identifier): ThreadSanitizer's own
void __tsan_release(void *address);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

/// The function of this name that the libraries would have found.
template <typename Function>
Function *next(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

void g_mutex_lock(GMutex *mutex) {
  static auto *const real = next<void(GMutex *)>("g_mutex_lock");
  real(mutex);
  __tsan_acquire(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex) {
  static auto *const real = next<gboolean(GMutex *)>("g_mutex_trylock");
  const gboolean locked = real(mutex);
  if (locked != FALSE) {
    __tsan_acquire(mutex);
  }
  return locked;
}

void g_mutex_unlock(GMutex *mutex) {
  static auto *const real = next<void(GMutex *)>("g_mutex_unlock");
  __tsan_release(mutex);
  real(mutex);
}

void g_cond_wait(GCond *condition, GMutex *mutex) {
  static auto *const real = next<void(GCond *, GMutex *)>("g_cond_wait");
  __tsan_release(mutex);
  real(condition, mutex);
  __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond *condition, GMutex *mutex, gint64 end_time) {
  static auto *const real = next<gboolean(GCond *, GMutex *, gint64)>("g_cond_wait_until");
  __tsan_release(mutex);
  const gboolean came = real(condition, mutex, end_time);
  __tsan_acquire(mutex);
  return came;
}

/// Made with the first lock, by whoever comes first.
void g_rec_mutex_lock(GRecMutex *mutex) {
  static auto *const real = next<void(GRecMutex *)>("g_rec_mutex_lock");
  __tsan_acquire(mutex);
  real(mutex);
  __tsan_release(mutex);
}

void g_async_queue_push(GAsyncQueue *queue, gpointer data) {
  static auto *const real = next<void(GAsyncQueue *, gpointer)>("g_async_queue_push");
  __tsan_release(queue);
  real(queue, data);
}

gpointer g_async_queue_pop(GAsyncQueue *queue) {
  static auto *const real = next<gpointer(GAsyncQueue *)>("g_async_queue_pop");
  gpointer data = real(queue);
  __tsan_acquire(queue);
  return data;
}

gpointer g_async_queue_try_pop(GAsyncQueue *queue) {
  static auto *const real = next<gpointer(GAsyncQueue *)>("g_async_queue_try_pop");
  gpointer data = real(queue);
  __tsan_acquire(queue);
  return data;
}

gpointer g_async_queue_timeout_pop(GAsyncQueue *queue, guint64 timeout) {
  static auto *const real = next<gpointer(GAsyncQueue *, guint64)>("g_async_queue_timeout_pop");
  gpointer data = real(queue, timeout);
  __tsan_acquire(queue);
  return data;
}

/// The last one to let go sees what the others have done.
void gst_mini_object_unref(GstMiniObject *object) {
  static auto *const real = next<void(GstMiniObject *)>("gst_mini_object_unref");
  __tsan_release(object);
  __tsan_acquire(object);
  real(object);
}

}  // extern "C"
