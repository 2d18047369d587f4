#!/usr/bin/env bash
# A complete worker: docs/worker-protocol.md in bash, curl and jq. The engine is any OpenAI-compatible server.
set -u
: "${BASE_INTERNAL_URL:?}" "${AGENT_TOKEN:?}" "${WORKER_ID:?}" "${OPENAI_BASE_URL:?}" "${MODEL:?}"
poll_ms=${POLL_INTERVAL_MS:-2000} timeout_s=$(((${HTTP_TIMEOUT_MS:-20000} + 999) / 1000))
telegram=${TELEGRAM_API_BASE_URL:-https://api.telegram.org}
dir=$(mktemp -d) && trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$dir"' EXIT
stop=0 failures=0 job=null controlled=$SECONDS
trap 'stop=1' TERM INT
say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
stopping() { ((stop)) || [[ -e $dir/stop ]]; }
rest() { sleep "$(jq -n "$1 / 1000")" & wait $! 2>/dev/null; } # in ms; a signal cuts it short
backoff() { # backoff <n> <base>: half to whole of the base doubled n-1 times, at most $3 or 30 s
  local whole=$(($2 << ($1 > 8 ? 7 : $1 - 1)))
  ((whole > ${3:-30000})) && whole=${3:-30000}
  rest $((whole / 2 + whole * RANDOM / 65536))
}
# post <seconds> <url> <bearer>: stdin to the server. Secrets reach curl by pipes, as anybody may read its arguments.
post() {
  curl -sS --max-time "$1" -K <(printf 'url = "%s"\nheader = "Content-Type: application/json"\n' "$2"
    [[ -n $3 ]] && printf 'header = "Authorization: Bearer %s"\n' "$3") --data-binary @- -w '\n%{http_code}' 2>/dev/null
}
# call <operation> <json>: 0 and the value in $value; 1 = repeat later; 2 = refused for good, its code in $value
call() {
  local status body
  body=$(post "$timeout_s" "$BASE_INTERNAL_URL/api/agent_workers/$1" "$AGENT_TOKEN" <<<"$2")
  status=${body##*$'\n'} body=${body%$'\n'*}
  [[ $status == 200 ]] && value=$(jq -ec 'select(.ok) | [.value]' <<<"$body" 2>/dev/null) &&
    value=$(jq -c '.[0]' <<<"$value") && return 0
  value=$(jq -r '.error.code // empty' <<<"$body" 2>/dev/null)
  case $value in worker_token_* | worker_mismatch | workspace_mismatch | lane_not_allowed)
    say "the credential was refused: $value"
    : >"$dir/fatal"
    return 2 ;;
  esac
  [[ $status == 4?? && $status != 408 && $status != 429 && -n $value ]] && return 2
  return 1
}
beat() { # beat <ms>: renews the lease beside the work; what it learns goes into files
  local misses=0
  while rest "$1"; do
    if call heartbeat "$held"; then
      misses=0
      [[ $(jq .shouldStop <<<"$value") == true ]] && : >"$dir/stop"
      [[ $(jq .ok <<<"$value") == true ]] || break
    elif (($? == 2 || ++misses > 2)); then
      break
    fi
  done
  : >"$dir/lost"
}
# settle <json>: one fenced write, repeated until it is answered (after an end a heartbeat finds no lease). 1 = lost, 2 = refused
settle() {
  local request tries=0 code
  request=$(jq -sc '.[0] + .[1] + (if .[2] == [] then {} else {ambiguousParts: .[2]} end)' <<<"$held $1 $doubt")
  while [[ ! -e $dir/lost || $1 == *'"outcome"'* ]] && ((tries++ < 9)); do
    call settle "$request" && code=0 || code=$?
    ((code == 0)) && [[ $(jq .ok <<<"$value") == true ]] && return 0
    ((code == 2)) && [[ $value != lease_lost ]] && return 2
    ((code == 1)) || break
    backoff "$tries" 250 5000
  done
  : >"$dir/lost"
  return 1
}
finish() { # finish <outcome>: ends the message; unless the worker is to stop, the answer holds the next one
  local next='{"claimNext": {"hydrate": true}}'
  stopping && next='{}'
  settle "$(jq -sc '{outcome: .[0]} + .[1]' <<<"$1 $next")" && job=$(jq -c .next <<<"$value")
}
fail() { finish "$(jq -nc --arg why "$1" '{kind: "fail", errorMessage: $why, retryable: '"${2:-true}}")"; }
engine() { # engine <job>: the answer to $dir/text, empty when the engine failed or the lease was lost meanwhile
  jq -c --arg model "$MODEL" '.hydration | {$model, stream: false, messages:
    ([.conversationState.contextHistory[] | {role: (if .role == "tool" then "system" else .role end), content}]
    + [{role: "user", content: .payload.messageText}])}' <<<"$1" |
    post $((${ENGINE_TIMEOUT_MS:-120000} / 1000)) "$OPENAI_BASE_URL/chat/completions" "${OPENAI_API_KEY:-}" >"$dir/said" &
  local pid=$!
  while kill -0 $pid 2>/dev/null && [[ ! -e $dir/lost ]]; do rest 50; done
  kill $pid 2>/dev/null
  sed '$d' "$dir/said" | jq -rj '.choices[0].message.content // empty' >"$dir/text" 2>/dev/null
}
# send <chat> <text>: 0 = sent, 1 = certainly not, 2 = never will be, 3 = nobody knows
send() {
  local body
  body=$(jq -nc --arg chat_id "$1" --arg text "$2" '{$chat_id, $text}' | {
    post "$timeout_s" "$telegram/bot$bot/sendMessage" ""
    exit $?
  })
  case $? in 0) ;; 5 | 6 | 7) return 1 ;; *) return 3 ;; esac
  case $(sed '$d' <<<"$body" | jq -r 'if .ok then 200 else .error_code // 0 end' 2>/dev/null) in
  200) return 0 ;;
  429) sleep "$(sed '$d' <<<"$body" | jq '.parameters.retry_after // 1')" && send "$@" ;;
  401 | 5??) return 1 ;;
  4??) return 2 ;;
  *) return 3 ;;
  esac
}
# A part has at most 2048 characters, which are never more than 4096 UTF-16 units; it ends at white space if it can.
split='def trim: sub("^\\s+"; "") | sub("\\s+$"; "");
  def cut: if length <= 2048 then . else ([.[0:2048] | match("\\s"; "g").offset] | last // 2048) as $at
    | (.[0:$at] | trim), (.[$at:] | trim | cut) end;
  [trim | cut | select(. != "")]'
work() { # work <job>: one message from claim to end
  job=null doubt='[]' held=$(jq -c --arg workerId "$WORKER_ID" '{$workerId, messageId, leaseId}' <<<"$1")
  rm -f "$dir/lost"
  beat "$(jq '.heartbeatIntervalMs * 6 / 10 | floor' <<<"$1")" &
  local beating=$!
  answer "$1"
  kill $beating 2>/dev/null && wait $beating 2>/dev/null
}
answer() {
  local provider bot chat number parts part
  jq -e .hydration <<<"$1" >"$dir/hydration" || { fail "not hydrated: $(jq -r .hydrationError <<<"$1")"; return; }
  provider=$(jq -r .payload.provider <<<"$1") bot=$(jq -r '.telegramBotToken // empty' "$dir/hydration")
  chat=$(jq -r '.payload | .metadata.telegramChatId // .providerUserId' <<<"$1") number=$(jq '.reply.nextPart // 0' "$dir/hydration")
  [[ $provider == telegram && -z $bot ]] && { fail "telegram bot token missing"; return; }
  [[ $provider == telegram ]] && jq -e .undeliverable "$dir/hydration" >/dev/null && { fail "$(jq -r .undeliverable "$dir/hydration")" false; return; }
  if ! jq -erj .reply.text "$dir/hydration" >"$dir/text"; then
    engine "$1"
    [[ -e $dir/lost ]] && return
    [[ -s $dir/text ]] || { fail "the engine gave no answer"; return; }
    settle "$(jq -c --rawfile text "$dir/text" '{turns: [{role: "user", content: .payload.messageText},
      {role: "assistant", content: $text}], reply: {$text, parts: ($text | '"$split"' | length)}}' <<<"$1")"
    case $? in 1) return ;; 2) fail "the reply was refused: $value" false; return ;; esac
  fi
  parts=$(jq -Rsc "$split" "$dir/text")
  while [[ $provider == telegram ]] && part=$(jq -er ".[$number]" <<<"$parts"); do
    settle "{\"sendingPart\": $number}" || return
    send "$chat" "$part"
    case $? in
    1) fail "a part could not be sent"; return ;;
    2) fail "the chat platform refused a part" false; return ;;
    3) doubt=$(jq -c ". + [$number]" <<<"$doubt") ;;
    esac
    number=$((number + 1))
  done
  finish '{"kind": "complete"}'
}
say "worker $WORKER_ID started"
me=$(jq -nc --arg workerId "$WORKER_ID" '{$workerId, hydrate: true}')
while [[ ! -e $dir/fatal ]] && { [[ $job != null ]] || ! stopping; }; do
  [[ $job != null ]] && { work "$job"; continue; }
  call claim "$me" && failures=0 job=$value || { backoff $((++failures)) "$poll_ms"; continue; }
  [[ $job == null ]] && rest "$poll_ms"
  [[ $job == null ]] && ((SECONDS - controlled >= 15)) && controlled=$SECONDS &&
    call control_state "$(jq -c 'del(.hydrate)' <<<"$me")" && [[ $(jq .shouldStop <<<"$value") == true ]] && stop=1
done
say "worker $WORKER_ID stopped"
[[ ! -e $dir/fatal ]] || exit 2
