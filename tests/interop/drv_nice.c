/* libnice in the driver protocol of drv_sipice.py: a bare agent that tells and takes candidates.
 *
 * --mode is a list of words: regular (the default), aggr, lite, consent, tcp. */

#include <agent.h>
#include <interfaces.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PING_EVERY_MS 20
#define PINGS 250

static struct {
  gboolean offers;
  const char *stun, *turn, *user, *password, *policy, *family, *mode, *address, *media;
  guint components;
} options = {TRUE, "", "", "lab", "labpass", "all", "4", "regular", "", "data", 1};

static GMainLoop *loop;
static NiceAgent *agent;
static guint stream;
static gboolean is_nominated, is_answered, has_heard, has_data;
static guint pings;

/* One line of JSON. Takes the object; with_time adds CLOCK_MONOTONIC in seconds. */
static void emit(const char *event, JsonObject *fields, gboolean with_time) {
  JsonNode *root = json_node_new(JSON_NODE_OBJECT);
  if (!fields) fields = json_object_new();
  json_object_set_string_member(fields, "ev", event);
  if (with_time) json_object_set_double_member(fields, "t", g_get_monotonic_time() / 1e6);
  json_node_take_object(root, fields);
  char *text = json_to_string(root, FALSE);
  printf("%s\n", text);
  fflush(stdout);
  g_free(text);
  json_node_unref(root);
}

static void split(const char *place, char *host, size_t size, guint *port) {
  const char *colon = strrchr(place, ':');
  size_t length = colon ? (size_t)(colon - place) : strlen(place);
  if (length >= 2 && *place == '[') place++, length -= 2;
  g_strlcpy(host, place, MIN(size, length + 1));
  *port = colon ? (guint)atoi(colon + 1) : 3478;
}

/* For audio all text stands behind an RTP header, as media relays want it. */
static guint header(void) { return g_str_equal(options.media, "audio") ? 12 : 0; }

static gboolean ping(gpointer unused) {
  char text[32] = {(char)0x80};
  int length = snprintf(text + header(), sizeof text - header(), "ping%u", pings);
  nice_agent_send(agent, stream, 1, header() + length, text);
  return !is_answered && ++pings < PINGS;
}

static void on_gathered(NiceAgent *a, guint s, gpointer unused) {
  JsonObject *fields = json_object_new(), *ice = json_object_new();
  JsonArray *candidates = json_array_new();
  char *sdp = nice_agent_generate_local_sdp(agent);
  char **lines = g_strsplit(sdp, "\n", -1);
  for (char **line = lines; *line; line++) {
    g_strchomp(*line);
    if (g_str_has_prefix(*line, "a=ice-ufrag:"))
      json_object_set_string_member(ice, "ufrag", *line + strlen("a=ice-ufrag:"));
    else if (g_str_has_prefix(*line, "a=ice-pwd:"))
      json_object_set_string_member(ice, "pwd", *line + strlen("a=ice-pwd:"));
    else if (g_str_has_prefix(*line, "a=candidate:"))
      json_array_add_string_element(candidates, *line + strlen("a=candidate:"));
  }
  json_object_set_array_member(ice, "candidates", candidates);
  json_object_set_boolean_member(ice, "lite", strstr(options.mode, "lite") != NULL);
  json_object_set_string_member(fields, "kind", "ice");
  json_object_set_object_member(fields, "ice", ice);
  emit("local", fields, TRUE);
  g_strfreev(lines);
  g_free(sdp);
}

static void on_pair(NiceAgent *a, guint s, guint component, NiceCandidate *local,
                    NiceCandidate *remote, gpointer unused) {
  JsonObject *fields = json_object_new();
  char *ours = nice_agent_generate_local_candidate_sdp(agent, local);
  char *theirs = nice_agent_generate_local_candidate_sdp(agent, remote);
  json_object_set_int_member(fields, "component", component);
  json_object_set_string_member(fields, "local", ours + strlen("a=candidate:"));
  json_object_set_string_member(fields, "remote", theirs + strlen("a=candidate:"));
  if (component == 1 && !is_nominated) {
    is_nominated = TRUE;
    emit("nominated", fields, TRUE);
    ping(NULL);
    g_timeout_add(PING_EVERY_MS, ping, NULL);
  } else {
    emit("pair", fields, TRUE);
  }
  g_free(ours);
  g_free(theirs);
}

static void on_state(NiceAgent *a, guint s, guint component, guint state, gpointer unused) {
  JsonObject *fields = json_object_new();
  const char *event = "state";
  if (state == NICE_COMPONENT_STATE_FAILED) event = is_nominated ? "lost" : "failed";
  json_object_set_int_member(fields, "component", component);
  json_object_set_string_member(fields, "state", nice_component_state_to_string(state));
  emit(event, fields, TRUE);
}

static void on_data(NiceAgent *a, guint s, guint component, guint length, gchar *data,
                    gpointer unused) {
  if (!has_heard) {
    has_heard = TRUE;
    emit("media", NULL, TRUE);
  }
  gboolean has_text = length >= header() + 4;
  char *text = data + header();
  if (has_text && !memcmp(text, "ping", 4)) {
    memcpy(text, "echo", 4);
    nice_agent_send(agent, stream, component, length, data);
    return;
  }
  is_answered = is_answered || (has_text && !memcmp(text, "echo", 4));
  if (!has_data) { /* an echo, or DTLS and RTP of a whole endpoint */
    has_data = TRUE;
    emit("data", NULL, TRUE);
  }
}

static void take_remote(JsonObject *ice) {
  GSList *found[3] = {NULL};
  JsonArray *candidates = json_object_get_array_member(ice, "candidates");
  emit("known", NULL, TRUE);
  nice_agent_set_remote_credentials(agent, stream, json_object_get_string_member(ice, "ufrag"),
                                    json_object_get_string_member(ice, "pwd"));
  for (guint i = 0; i < json_array_get_length(candidates); i++) {
    const char *text = json_array_get_string_element(candidates, i);
    char *line = g_strdup_printf("a=candidate:%s", text);
    NiceCandidate *one = nice_agent_parse_remote_candidate_sdp(agent, stream, line);
    if (one && one->component_id <= options.components)
      found[one->component_id] = g_slist_append(found[one->component_id], one);
    g_free(line);
  }
  for (guint i = 1; i <= options.components; i++)
    nice_agent_set_remote_candidates(agent, stream, i, found[i]);
  nice_agent_peer_candidate_gathering_done(agent, stream);
}

static gboolean on_command(GIOChannel *input, GIOCondition condition, gpointer unused) {
  gchar *line = NULL;
  GIOStatus status = g_io_channel_read_line(input, &line, NULL, NULL, NULL);
  JsonParser *parser = json_parser_new();
  gboolean goes_on = status == G_IO_STATUS_NORMAL && line &&
                     json_parser_load_from_data(parser, line, -1, NULL);
  if (goes_on) {
    JsonObject *message = json_node_get_object(json_parser_get_root(parser));
    const char *command = json_object_get_string_member(message, "cmd");
    if (!strcmp(command, "remote")) take_remote(json_object_get_object_member(message, "ice"));
    goes_on = strcmp(command, "close") != 0;
  }
  if (!goes_on) g_main_loop_quit(loop);
  g_object_unref(parser);
  g_free(line);
  return goes_on;
}

static void read_options(int count, char **words) {
  for (int i = 1; i + 1 < count; i += 2) {
    const char *name = words[i], *value = words[i + 1];
    if (!strcmp(name, "--role")) options.offers = !strcmp(value, "offer");
    if (!strcmp(name, "--stun")) options.stun = value;
    if (!strcmp(name, "--turn")) options.turn = value;
    if (!strcmp(name, "--user")) options.user = value;
    if (!strcmp(name, "--password")) options.password = value;
    if (!strcmp(name, "--policy")) options.policy = value;
    if (!strcmp(name, "--family")) options.family = value;
    if (!strcmp(name, "--mode")) options.mode = value;
    if (!strcmp(name, "--media")) options.media = value;
    if (!strcmp(name, "--address")) options.address = value;
    if (!strcmp(name, "--components")) options.components = CLAMP(atoi(value), 1, 2);
  }
}

static void use_addresses(void) {
  GList *addresses = *options.address ? g_list_append(NULL, g_strdup(options.address))
                                      : nice_interfaces_get_local_ips(FALSE);
  for (GList *one = addresses; one; one = one->next) {
    NiceAddress address;
    nice_address_init(&address);
    if (g_str_has_prefix(one->data, "fe80:")) continue;
    if (!nice_address_set_from_string(&address, one->data)) continue;
    char family = nice_address_ip_version(&address) == 4 ? '4' : '6';
    if (*options.address || strchr(options.family, family))
      nice_agent_add_local_address(agent, &address);
  }
  g_list_free_full(addresses, g_free);
}

static void use_relay(void) {
  char host[128];
  guint port;
  const char *place = strchr(options.turn, ':');
  if (!place) return;
  split(place + 1, host, sizeof host, &port);
  NiceRelayType type = g_str_has_prefix(options.turn, "udp") ? NICE_RELAY_TYPE_TURN_UDP
                       : g_str_has_prefix(options.turn, "tcp") ? NICE_RELAY_TYPE_TURN_TCP
                                                               : NICE_RELAY_TYPE_TURN_TLS;
  for (guint i = 1; i <= options.components; i++)
    nice_agent_set_relay_info(agent, stream, i, host, port, options.user, options.password, type);
}

static void make_agent(void) {
  NiceAgentOption flags = NICE_AGENT_OPTION_NONE;
  if (!strstr(options.mode, "aggr")) flags |= NICE_AGENT_OPTION_REGULAR_NOMINATION;
  if (strstr(options.mode, "lite")) flags |= NICE_AGENT_OPTION_LITE_MODE;
  if (strstr(options.mode, "consent")) flags |= NICE_AGENT_OPTION_CONSENT_FRESHNESS;
  agent = nice_agent_new_full(NULL, NICE_COMPATIBILITY_RFC5245, flags);
  g_object_set(agent, "controlling-mode", options.offers, "upnp", FALSE, "ice-tcp",
               strstr(options.mode, "tcp") != NULL, "keepalive-conncheck", TRUE, "force-relay",
               g_str_equal(options.policy, "relay"), NULL);
  if (*options.stun) {
    char host[128];
    guint port;
    split(options.stun, host, sizeof host, &port);
    g_object_set(agent, "stun-server", host, "stun-server-port", port, NULL);
  }
  use_addresses();
  stream = nice_agent_add_stream(agent, options.components);
  nice_agent_set_stream_name(agent, stream, "audio"); /* its SDP has no candidates otherwise */
  use_relay();
  g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(on_gathered), NULL);
  g_signal_connect(agent, "new-selected-pair-full", G_CALLBACK(on_pair), NULL);
  g_signal_connect(agent, "component-state-changed", G_CALLBACK(on_state), NULL);
  for (guint i = 1; i <= options.components; i++)
    nice_agent_attach_recv(agent, stream, i, NULL, on_data, NULL);
}

int main(int count, char **words) {
  read_options(count, words);
  loop = g_main_loop_new(NULL, FALSE);
  make_agent();
  GIOChannel *input = g_io_channel_unix_new(0);
  g_io_channel_set_encoding(input, NULL, NULL);
  g_io_add_watch(input, G_IO_IN | G_IO_HUP, on_command, NULL);
  if (!nice_agent_gather_candidates(agent, stream)) emit("failed", NULL, TRUE);
  g_main_loop_run(loop);
  nice_agent_remove_stream(agent, stream);
  emit("closed", NULL, FALSE);
  return 0;
}
